"""Users and groups of images, from their /etc/passwd and /etc/group.

Docker adds an image's groups to a process only when no group is requested; the CRI's Merge policy
always adds them. The two files are read from a container that is created from the image, never
started, and removed at once; leftovers of a killed process are removed before the next one is
created. An image never changes, so the files are cached.
"""

import threading
import uuid

from cachetools import LRUCache

from pydockershim import calls
from pydockershim.engine.engine import Engine
from pydockershim.translate.identity import image_groups
from pydockershim.view.items import summary_name

_IMAGES = 128
_NAME = "pydockershim_identity_"


class ImageUsers:
    """Thread-safe. Owns the cache of both files, by image id."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._run = f"{_NAME}{uuid.uuid4().hex[:8]}_"
        self._swept = False
        self._files: LRUCache[str, tuple[str, str]] = LRUCache(_IMAGES)

    def groups_of(self, user: str, image_id: str) -> tuple[int, ...]:
        """Return the ids of the groups that the image lists for a user, a name or a uid."""
        with self._lock:
            files = self._files.get(image_id)
        if files is None:
            files = self._read(image_id)
            with self._lock:
                self._files[image_id] = files
        passwd, group = files
        return image_groups(user, passwd=passwd, group=group)

    def _read(self, image_id: str) -> tuple[str, str]:
        self._sweep()
        body = {"Image": image_id, "Entrypoint": ["/"], "NetworkDisabled": True}
        made = self._engine.containers.create(body, name=self._run + uuid.uuid4().hex)
        try:
            return self._text(made.id, "/etc/passwd"), self._text(made.id, "/etc/group")
        finally:
            with calls.shielded():
                self._engine.containers.remove(made.id)

    def _sweep(self) -> None:
        """Remove containers that earlier processes left, once."""
        with self._lock:
            swept, self._swept = self._swept, True
        if swept:
            return
        for summary in self._engine.containers.list(all=True, filters={"name": [f"^/{_NAME}"]}):
            if not summary_name(summary).startswith(self._run):
                self._engine.containers.remove(summary["Id"])

    def _text(self, container_id: str, path: str) -> str:
        return (self._engine.containers.read_file(container_id, path) or b"").decode(
            errors="replace"
        )
