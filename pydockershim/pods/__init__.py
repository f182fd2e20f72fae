"""The procedures on pod sandboxes: several steps, each undone when a later one fails.

One file per procedure. None holds state of its own; they get everything they need as `PodDeps`.
"""
