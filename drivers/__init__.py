"""Everything that touches hardware or a device's network. Knows nothing of moods or storage."""
