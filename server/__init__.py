"""The web: turns requests into verbs of the domain, and records into pages."""
