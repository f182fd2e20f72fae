"""All tests: `unit` needs nothing, `integration` needs the `bed` (see its docstring)."""
