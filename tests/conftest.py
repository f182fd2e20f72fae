"""The test bed and its pods for every suite; nothing is started unless a test asks for it."""

from hypothesis import HealthCheck, settings

pytest_plugins = ("tests.bed.fixtures", "tests.integration.pods")

# A machine that is slow, or busy with something else, is not a fault of the program.
settings.register_profile(
    "patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")
