"""The streaming server without any I/O."""
