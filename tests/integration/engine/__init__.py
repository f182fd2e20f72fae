"""The engine room, without anything above it, against a real engine and registry."""
