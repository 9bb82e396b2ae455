"""Suggests what could be added to the home; adds nothing."""
