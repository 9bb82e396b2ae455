"""A decision becomes commands, and commands become outcomes."""
