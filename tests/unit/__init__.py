"""Tests that need no Docker and no time."""
