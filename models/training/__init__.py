"""How each weight file of ours was made, end to end and seeded."""
