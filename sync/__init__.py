"""End-to-end-encrypted sync. Never sees a frame, a sound or a raw reading."""
