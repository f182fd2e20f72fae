"""Exec, attach and port-forward through the shim, with clients of our own over both wires."""
