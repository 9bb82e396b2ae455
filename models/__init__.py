"""Pure inference: an array goes in, a reading comes out; no I/O beyond loading weights."""
