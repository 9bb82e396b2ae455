"""The daemon: wires drivers, models and sync together; decides, acts, stores, serves."""
