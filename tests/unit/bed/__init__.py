"""What of the test bed decides without a session, an engine or the network."""
