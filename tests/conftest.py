"""Fixtures of the test bed for every suite; nothing of it is started unless a test asks for it."""

from hypothesis import HealthCheck, settings

pytest_plugins = ("tests.bed.fixtures",)

# A machine that is slow, or busy with something else, is not a fault of the program.
settings.register_profile(
    "patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")
