"""Kubernetes' Container Runtime Interface, carried out by a Docker Engine.

ARCHITECTURE.md draws the rooms of this package and the one direction in which they import.
"""

__version__ = "0.1.0"
