"""Readings become a mood, per room and per person."""
