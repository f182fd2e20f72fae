"""The rules that ARCHITECTURE.md and CONTRIBUTING.md state, as far as a test can check them.

- `source`: the package's files, each parsed once
- `../test_architecture`: which room may import which, and what each may know
- `test_host_writers`, `test_held_locks`, `test_form`: checkers that take a syntax tree, tried on
  snippets that break the rule before they are applied to the package
"""
