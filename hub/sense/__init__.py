"""The sensing process and the hub's end of its socket."""
