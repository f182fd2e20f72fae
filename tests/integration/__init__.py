"""Behaviour against a real engine; one behaviour a file. Runs in the bed only."""
