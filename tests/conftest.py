"""Fixtures of the test bed for every suite; nothing of it is started unless a test asks for it."""

pytest_plugins = ("tests.bed.fixtures",)
