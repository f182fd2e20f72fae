"""The run of everything that a change has to pass."""
