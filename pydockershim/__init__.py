"""Kubernetes' Container Runtime Interface (CRI), implemented on a Docker Engine.

ARCHITECTURE.md describes the rooms of this package and the direction of their imports.
"""

__version__ = "0.1.0"
