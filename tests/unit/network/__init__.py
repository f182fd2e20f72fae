"""The network room, on plain data."""
