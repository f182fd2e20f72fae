"""An engine with one sandbox and its container, for the tests of the view."""

import pytest

from pydockershim.view.image_cache import ImageCache
from tests.unit.view.objects import (
    CONTAINER_ID,
    SANDBOX_ID,
    Engine,
    container_record,
    inspect_of,
    sandbox_record,
)


@pytest.fixture
def engine() -> Engine:
    engine = Engine()
    engine.containers = {
        SANDBOX_ID: inspect_of(SANDBOX_ID, sandbox_record(labels={"app": "web"})),
        CONTAINER_ID: inspect_of(CONTAINER_ID, container_record()),
    }
    return engine


@pytest.fixture
def no_images() -> ImageCache:
    return ImageCache(None, pinned=())  # type: ignore[arg-type]  # never asked here
