"""Nothing that a caller sends can turn one request into another."""

import pytest

from pydockershim.engine.urls import checked_id, checked_image_name, url_path
from pydockershim.errors import InvalidArgument, NotFound


@pytest.mark.parametrize(
    "value", ["", "..", "../images/x", "a/b", "a?b=c", "a#b", "a b", "ä", "-a"]
)
def test_what_cannot_be_an_id_is_not_found(value: str) -> None:
    with pytest.raises(NotFound):
        checked_id(value)


@pytest.mark.parametrize(
    "value", ["", "..", "a/../b", "a//b", "/a", "a/", "a?b", "a b", "a\n", "ä"]
)
def test_what_cannot_be_an_image_is_refused(value: str) -> None:
    with pytest.raises(InvalidArgument):
        checked_image_name(value)


@pytest.mark.parametrize(
    "value", ["busybox", "a.example:5000/b/c:1..2", "b@sha256:00ff", "[::1]:5000/b", "sha256:00ff"]
)
def test_images_are_left_as_they_are(value: str) -> None:
    assert checked_image_name(value) == value


def test_parameters_are_quoted() -> None:
    assert (
        url_path("1.41", "/images/create", tag="a&b=c d") == "/v1.41/images/create?tag=a%26b%3Dc+d"
    )
