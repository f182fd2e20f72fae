"""The gRPC edge, on servicers that do what a test says."""
