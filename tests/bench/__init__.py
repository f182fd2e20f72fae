"""The bench: what is measured, a module a part, each with `rows`."""
