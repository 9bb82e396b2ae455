"""The whole hub, started as a household starts it."""
