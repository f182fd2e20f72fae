"""The host room, on real processes and files."""
