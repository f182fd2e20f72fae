"""Scripts that the Makefile calls: the demo, the environment, generated files."""
