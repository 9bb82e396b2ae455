"""Peers that behave, for what no package can stand in for."""
