"""The judging half of the conformance runs: pure functions from reports and logs to verdicts."""
