"""Scripts that run other people's programs, each by the Python of its own environment."""
