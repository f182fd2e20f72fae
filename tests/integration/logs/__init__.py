"""Container logs through the whole shim on a real engine."""
