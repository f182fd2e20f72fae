"""What the Makefile calls: scripts for whoever uses, measures or changes the project."""
