"""Unit tests of the engine room; `scripted` is their engine."""
