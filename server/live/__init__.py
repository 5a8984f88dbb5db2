"""The room without a reload: what changed since a gesture, drawn once, sent to every seat."""
