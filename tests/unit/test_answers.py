"""What real engines answer (`answers/`) has all that we read, and is read alike.

Docker 29 leaves out much that older ones tell: the addresses beside `Networks`, the empty fields of
an image's `Config`, `status`, `id` and `from` of events.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints, is_typeddict

import pytest

from pydockershim import dockerapi
from pydockershim.dockerapi import Json
from pydockershim.network.docker_bridge import docker_addresses
from pydockershim.translate.image import cri_image, image_info

ANSWERS = Path(__file__).with_name("answers")
RELEASES = ("20.10", "28.5", "29")
SHAPES = {
    "container": dockerapi.ContainerInspect,
    "listed container": dockerapi.ContainerSummary,
    "image": dockerapi.ImageInspect,
    "listed image": dockerapi.ImageSummary,
    "event": dockerapi.Event,
}

pytestmark = pytest.mark.parametrize("release", RELEASES)


@pytest.fixture
def answers(release: str) -> Json:
    document: Json = json.loads((ANSWERS / f"docker-{release}.json").read_text())
    return document


def missing(answer: Json, shape: Any) -> Iterator[str]:
    """Yield what a TypedDict promises and the answer lacks."""
    for key, kind in get_type_hints(shape).items():
        if key not in answer:
            yield key
        elif is_typeddict(kind):
            yield from missing(answer[key], kind)


@pytest.mark.parametrize("kind", SHAPES)
def test_nothing_that_is_read_is_missing(answers: Json, kind: str) -> None:
    assert list(missing(answers[kind], SHAPES[kind])) == []


def test_addresses_are_those_of_the_networks(answers: Json) -> None:
    assert docker_addresses(answers["container"]) == ("10.213.0.2",)


def test_an_image_is_told_whether_or_not_its_empty_fields_are(answers: Json) -> None:
    image = answers["image"]

    told = cri_image(image, pinned=False)

    assert list(told.repo_tags) == ["pydockershim.test/user-by-id:1"]
    assert (told.uid.value, told.username) == (1000, "")
    assert json.loads(image_info(image)["info"])["labels"] == {}
