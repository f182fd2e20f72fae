"""The view room, on plain data."""
