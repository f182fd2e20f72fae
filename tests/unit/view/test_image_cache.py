"""Images are found by everything that names them, and inspected once."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import ImageInspect, ImageSummary
from pydockershim.errors import InvalidArgument, NotFound, Unavailable, Unknown
from pydockershim.view.image_cache import ImageCache, ImageItem

BUSYBOX_ID = "sha256:ca" + "1" * 62
CAFE_ID = "sha256:cb" + "2" * 62
UNTAGGED_ID = "sha256:cb" + "3" * 62
DIGEST = "sha256:" + "d" * 64


class Engine:
    """Lists and inspects what is in `summaries`."""

    def __init__(self) -> None:
        self.summaries = [
            _summary(BUSYBOX_ID, ["busybox:1", "localhost:5000/mine:2"], [f"busybox@{DIGEST}"]),
            _summary(CAFE_ID, ["ca11:latest"]),
            _summary(UNTAGGED_ID, None),
        ]
        self.inspected: list[str] = []
        self.damaged = ""
        self.images = self

    def list(self) -> Sequence[ImageSummary]:
        """List."""
        return self.summaries

    def inspect(self, ref: str) -> ImageInspect:
        """Inspect by id; one that is listed may have gone meanwhile."""
        self.inspected.append(ref)
        if ref == UNTAGGED_ID and len(self.summaries) == 1:
            raise NotFound("no such image")
        if ref == self.damaged:
            raise Unknown("cannot inspect: no such file")
        summary = next(each for each in self.summaries if each["Id"] == ref)
        return {**summary, "Config": {"User": "1000:1000"}}


def _summary(
    image_id: str, tags: list[str] | None, digests: Sequence[str] = ("<none>@<none>",)
) -> ImageSummary:
    return {"Id": image_id, "RepoTags": tags, "RepoDigests": list(digests), "Size": 7}


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def images(engine: Engine) -> ImageCache:
    images = ImageCache(engine, pinned=["docker.io/library/busybox:1"])  # type: ignore[arg-type]
    images.refresh()
    return images


@pytest.mark.parametrize(
    ("ref", "image_id"),
    [
        ("busybox:1", BUSYBOX_ID),
        ("docker.io/library/busybox:1", BUSYBOX_ID),
        ("localhost:5000/mine:2", BUSYBOX_ID),
        (f"busybox:of-another-tag@{DIGEST}", BUSYBOX_ID),
        (BUSYBOX_ID, BUSYBOX_ID),
        (BUSYBOX_ID.removeprefix("sha256:"), BUSYBOX_ID),
        (BUSYBOX_ID[:15], BUSYBOX_ID),
        ("ca11", CAFE_ID),
        ("ca111", BUSYBOX_ID),
        (UNTAGGED_ID, UNTAGGED_ID),
    ],
)
def test_image_is_found(images: ImageCache, ref: str, image_id: str) -> None:
    found = images.find(ref)

    assert found
    assert found.id == image_id


@pytest.mark.parametrize("ref", ["busybox", "mine:2", "busybox@" + BUSYBOX_ID, "sha256:ff"])
def test_other_image_is_not_found(images: ImageCache, ref: str) -> None:
    assert images.find(ref) is None


@pytest.mark.parametrize("ref", ["sha256:cb", "not/A Name"])
def test_reference_that_names_nothing_is_refused(images: ImageCache, ref: str) -> None:
    with pytest.raises(InvalidArgument):
        images.find(ref)


def test_pinned_by_name(images: ImageCache) -> None:
    listed = [cri.ListImagesResponse.FromString(each.listed).images[0] for each in _all(images)]

    assert [image.pinned for image in listed] == [True, False, False]
    assert [image.uid.value for image in listed] == [1000, 1000, 1000]


def test_image_is_inspected_once(images: ImageCache, engine: Engine) -> None:
    engine.summaries[0]["RepoTags"] = ["renamed:1"]

    images.refresh()

    assert engine.inspected == [BUSYBOX_ID, CAFE_ID, UNTAGGED_ID]
    renamed = images.find("renamed:1")
    assert renamed
    assert (renamed.tags, renamed.user) == (("renamed:1",), "1000:1000")
    assert images.find("busybox:1") is None


def test_image_of_containerds_store_is_found_by_the_digest_in_each_repository(
    engine: Engine,
) -> None:
    """Docker lists the digest, which is the id, in one of the repositories."""
    tags = ["busybox:1", "localhost:5000/mine:2"]
    engine.summaries = [_summary(BUSYBOX_ID, tags, [f"busybox@{BUSYBOX_ID}"])]
    images = ImageCache(engine, pinned=[])  # type: ignore[arg-type]
    images.refresh()

    names = [f"busybox@{BUSYBOX_ID}", f"localhost:5000/mine@{BUSYBOX_ID}"]

    first = [images.find(name) for name in names]
    images.refresh()
    assert first[0]
    assert all(images.find(name) is first[0] for name in names)


def test_image_that_goes_during_a_refresh_is_left_out(engine: Engine) -> None:
    engine.summaries = [_summary(UNTAGGED_ID, None)]
    images = ImageCache(engine, pinned=[])  # type: ignore[arg-type]

    images.refresh()

    assert _all(images) == []


def test_a_damaged_image_hides_no_other(engine: Engine) -> None:
    engine.damaged = CAFE_ID
    images = ImageCache(engine, pinned=[])  # type: ignore[arg-type]

    images.refresh()

    assert [each.id for each in _all(images)] == [BUSYBOX_ID, UNTAGGED_ID]


def test_images_that_may_be_wrong_are_not_shown(images: ImageCache) -> None:
    images.mark_stale("the engine is slow")

    with pytest.raises(Unavailable, match="the engine is slow"):
        images.find("busybox:1")
    with pytest.raises(Unavailable, match="the engine is slow"):
        _all(images)

    images.refresh()
    assert images.find("busybox:1")


def test_a_refresh_during_a_slow_list_shows_what_a_later_list_says(engine: Engine) -> None:
    listing, go_on = threading.Event(), threading.Event()
    early = engine.summaries[:1]

    class Slow(Engine):
        def list(self) -> Sequence[ImageSummary]:
            if listing.is_set():
                return engine.summaries
            listing.set()
            assert go_on.wait(30)
            return early

    images = ImageCache(Slow(), pinned=[])  # type: ignore[arg-type]
    with ThreadPoolExecutor() as pool:
        first = pool.submit(images.refresh)
        assert listing.wait(30)
        second = pool.submit(images.refresh)
        go_on.set()
        first.result(30)
        second.result(30)

    assert [each.id for each in _all(images)] == [BUSYBOX_ID, CAFE_ID, UNTAGGED_ID]


def test_filter_names_one_image_or_none(images: ImageCache) -> None:
    named = cri.ImageFilter(image=cri.ImageSpec(image="busybox:1"))
    unknown = cri.ImageFilter(image=cri.ImageSpec(image="unknown"))

    assert [each.id for each in images.select(named)] == [BUSYBOX_ID]
    assert list(images.select(unknown)) == []


def _all(images: ImageCache) -> list[ImageItem]:
    return list(images.select(cri.ImageFilter()))
