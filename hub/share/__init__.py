"""What leaves the hub, to whom, and what others may ask of it: see docs/sharing.md."""
