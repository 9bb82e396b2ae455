"""Three SQLite files: configuration, history, and what waits to be sent."""
