"""The engine's images, all of them, as one snapshot that each refresh replaces.

A refresh lists the images and inspects those it has not seen: only an inspect tells an image's
user, and that never changes. Refreshes follow one another, so a later one is never undone by an
earlier one that took long.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import ImageInspect, ImageSummary
from pydockershim.engine.client import Engine
from pydockershim.errors import NotFound
from pydockershim.translate.filters import whole_id
from pydockershim.translate.image import cri_image, parse_reference
from pydockershim.view.wire import framed

_ID_PREFIX = "sha256:"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageItem:
    """An image. `user` is its USER, such as `1000:1000`, empty for none.

    `listed` is the serialised Image, framed as field 1 of the list and status responses.
    """

    id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    size_bytes: int
    user: str
    listed: bytes


@dataclass(frozen=True, slots=True)
class _Snapshot:
    by_id: Mapping[str, ImageItem] = field(default_factory=dict)
    by_name: Mapping[str, ImageItem] = field(default_factory=dict)


class Images:
    """Thread-safe. `pinned` are names of images that a client's garbage collection must leave."""

    def __init__(self, engine: Engine, *, pinned: Iterable[str]) -> None:
        self._engine = engine
        self._pinned = frozenset(map(_key, pinned))
        self._refreshing = threading.Lock()
        self._snapshot = _Snapshot()

    def find(self, ref: str) -> ImageItem | None:
        """Return an image by name, digest, id or the beginning of an id.

        A name comes before an id that begins like it. InvalidArgument: no reference at all, or the
        beginning of several ids.
        """
        snapshot = self._snapshot
        if ref in snapshot.by_id:
            return snapshot.by_id[ref]
        if ref.startswith(_ID_PREFIX):
            return self._find_by_beginning(ref)
        return snapshot.by_name.get(_key(ref)) or self._find_by_beginning(_ID_PREFIX + ref)

    def select(self, wanted: cri.ImageFilter) -> Sequence[ImageItem]:
        """Return the images that an ImageFilter selects: the one that it names, or all."""
        if not wanted.image.image:
            return tuple(self._snapshot.by_id.values())
        image = self.find(wanted.image.image)
        return (image,) if image else ()

    def refresh(self) -> None:
        """Ask the engine for its images and show them."""
        with self._refreshing:
            items = [self._item(each) for each in self._engine.list_images()]
            found = [each for each in items if each is not None]
            self._snapshot = _Snapshot(
                by_id={each.id: each for each in found},
                by_name={
                    _key(name): each for each in found for name in (*each.tags, *each.digests)
                },
            )

    def _find_by_beginning(self, beginning: str) -> ImageItem | None:
        by_id = self._snapshot.by_id
        found = whole_id(beginning, by_id)
        return by_id[found] if found else None

    def _item(self, summary: ImageSummary) -> ImageItem | None:
        """Return the entry of a listed image; None when it has gone meanwhile."""
        known = self._snapshot.by_id.get(summary["Id"])
        tags, digests = _names(summary["RepoTags"]), _names(summary["RepoDigests"])
        if known and (known.tags, known.digests, known.size_bytes) == (
            tags,
            digests,
            summary["Size"],
        ):
            return known
        try:
            user = known.user if known else self._user(summary["Id"])
        except NotFound:
            return None
        inspect: ImageInspect = {
            "Id": summary["Id"],
            "RepoTags": list(tags),
            "RepoDigests": list(digests),
            "Size": summary["Size"],
            "Config": {"User": user},
        }
        pinned = not self._pinned.isdisjoint(map(_key, tags))
        return ImageItem(
            id=summary["Id"],
            tags=tags,
            digests=digests,
            size_bytes=summary["Size"],
            user=user,
            listed=framed(1, cri_image(inspect, pinned=pinned).SerializeToString()),
        )

    def _user(self, image_id: str) -> str:
        config = self._engine.inspect_image(image_id)["Config"] or {}
        return str(config.get("User") or "")


def _names(names: Iterable[str] | None) -> tuple[str, ...]:
    """Return real names only: below API 1.43 an untagged image has `<none>:<none>`."""
    return tuple(name for name in names or () if "<none>" not in name)


def _key(name: str) -> str:
    """Return the one spelling of a name that has several (`busybox`, `docker.io/library/...`)."""
    return str(parse_reference(name))
