"""The procedures on pod sandboxes: many steps, each undone when a later one fails.

One file a procedure. None holds state of its own; what they work with comes as `PodDeps`.
"""
