"""Facts that come with the project, with their sources."""
