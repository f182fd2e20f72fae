"""What pods, containers and images use. Sampled in the background: no RPC waits for the engine."""
