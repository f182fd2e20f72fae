"""The engine's images, all of them, as one snapshot that each refresh replaces.

A refresh lists the images and inspects the new ones: only an inspect contains an image's user,
which never changes. One list runs at a time, so a slow one never overwrites a newer one; callers
that wait share the next one.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import ImageInspect, ImageSummary
from pydockershim.engine.engine import Engine
from pydockershim.errors import NotFound, Unknown
from pydockershim.single_flight import SingleFlight
from pydockershim.translate.filters import whole_id
from pydockershim.translate.image import canonical_names, cri_image, digests, parse_reference, tags
from pydockershim.view.freshness import Freshness
from pydockershim.view.protobuf_wire import framed

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageItem:
    """An image. `user` is its USER, such as `1000:1000`, empty for none.

    `tags` and `digests` are its names, as Docker spells them. `listed` is the
    serialised Image, framed as field 1 of the list and status responses.
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


class ImageCache:
    """Thread-safe. `pinned` are names of images that a client's garbage collection must keep.

    Every read raises Unavailable before the first refresh, and from `mark_stale` to the next one.
    """

    def __init__(self, engine: Engine, *, pinned: Iterable[str]) -> None:
        self._engine = engine
        self._pinned = frozenset(parse_reference(name).canonical for name in pinned)
        self._refreshes = SingleFlight(self._list, name="image-list")
        self._snapshot = _Snapshot()
        self._freshness = Freshness("list of images", reason="they have not been listed yet")

    def find(self, ref: str) -> ImageItem | None:
        """Return an image by name, digest, id or abbreviated id.

        A name has precedence over an id that begins with it. InvalidArgument: the reference is not
        valid, or an ambiguous id.
        """
        snapshot, reference = self._fresh_snapshot(), parse_reference(ref)
        named = snapshot.by_name.get(reference.canonical)
        if named or not reference.id_prefix:
            return named
        found = whole_id(f"sha256:{reference.id_prefix}", snapshot.by_id)
        return snapshot.by_id[found] if found else None

    def select(self, wanted: cri.ImageFilter) -> Sequence[ImageItem]:
        """Return the images that an ImageFilter selects: the one that it names, or all."""
        if not wanted.image.image:
            return tuple(self._fresh_snapshot().by_id.values())
        image = self.find(wanted.image.image)
        return (image,) if image else ()

    def refresh(self) -> None:
        """Replace the snapshot with a list that begins after this call does."""
        self._refreshes.join_next()

    def refresh_and_find(self, ref: str) -> ImageItem:
        """Refresh and return an image by name or digest; NotFound when it is not on this host."""
        self.refresh()
        image = self.find(ref)
        if image is None:
            raise NotFound(f"image {ref} is not on this host: pull it first")
        return image

    def mark_stale(self, reason: str) -> None:
        """From now on what is shown may be wrong."""
        self._freshness.mark_stale(reason)

    def _list(self) -> None:
        by_id: dict[str, ImageItem] = {}
        by_name: dict[str, ImageItem] = {}
        for summary in self._engine.images.list():
            if item := self._item(summary):
                by_id[item.id] = item
                by_name |= dict.fromkeys(canonical_names(summary), item)
        self._snapshot = _Snapshot(by_id, by_name)
        self._freshness.mark_fresh()

    def _fresh_snapshot(self) -> _Snapshot:
        self._freshness.check()
        return self._snapshot

    def _item(self, summary: ImageSummary) -> ImageItem | None:
        """Return the entry of a listed image; None when it was removed meanwhile or is corrupt."""
        known = self._snapshot.by_id.get(summary["Id"])
        if known and _matches(known, summary):
            return known
        try:
            user = known.user if known else self._user(summary["Id"])
        except NotFound:
            return None
        except Unknown as error:  # a corrupt image must not hide the others
            logger.warning("image %s is left out of lists: %s", summary["Id"], error)
            return None
        inspect: ImageInspect = {**summary, "Config": {"User": user}}
        pinned = not self._pinned.isdisjoint(canonical_names(summary))
        image = cri_image(inspect, pinned=pinned)
        return ImageItem(
            id=image.id,
            tags=tuple(image.repo_tags),
            digests=tuple(image.repo_digests),
            size_bytes=summary["Size"],
            user=user,
            listed=framed(1, image.SerializeToString()),
        )

    def _user(self, image_id: str) -> str:
        config = self._engine.images.inspect(image_id)["Config"] or {}
        return str(config.get("User") or "")


def _matches(item: ImageItem, summary: ImageSummary) -> bool:
    """Say whether an entry still tells what the list does; otherwise it is made anew."""
    listed = (tuple(tags(summary)), tuple(digests(summary)), summary["Size"])
    return (item.tags, item.digests, item.size_bytes) == listed
