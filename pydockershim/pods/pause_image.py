"""Which image a pod's pause container runs, and how it gets onto this host.

- The configured image if it is present: it is never pulled again.
- Else it is pulled, with the credentials of the docker CLI of the user that this program runs as.
- A pull that fails or makes no progress is logged once and not tried again for five minutes; until
  then the built-in image is used, which needs no registry.
"""

import logging
import time

from pydockershim.engine.auth import cli_credentials
from pydockershim.engine.engine import Engine
from pydockershim.errors import ShimError
from pydockershim.pods import builtin_pause
from pydockershim.single_flight import SingleFlight
from pydockershim.translate.image import parse_reference
from pydockershim.view.image_cache import ImageCache
from pydockershim.view.view import View

logger = logging.getLogger(__name__)

_NO_PROGRESS_S = 10.0
_RETRY_AFTER_S = 300.0


class PauseImage:
    """Thread-safe. Remembers a failed pull; all pods that wait share one pull."""

    def __init__(self, *, engine: Engine, view: View, image_cache: ImageCache, name: str) -> None:
        self.name = name
        self._engine = engine
        self._view = view
        self._image_cache = image_cache
        self._pulls = SingleFlight(self._pull_unless_failed, name="pause-image")
        self._retry_at_s = 0.0
        self._builtin_id = ""

    def ensure(self) -> str:
        """Return the id of an image for a pause container, present on this host."""
        return self._present(self.name) or self._pulls.join() or self._builtin()

    def _present(self, name: str) -> str | None:
        image = self._view.image(name)
        return image.id if image else None

    def _pull_unless_failed(self) -> str | None:
        if present := self._present(self.name):
            return present
        if time.monotonic() < self._retry_at_s:
            return None
        try:
            self._pull()
        except ShimError as error:
            self._retry_at_s = time.monotonic() + _RETRY_AFTER_S
            logger.warning(
                "pause image %s cannot be pulled, using the built-in one for %d s: %s",
                self.name,
                _RETRY_AFTER_S,
                error,
            )
            return None
        return self._present(self.name)

    def _pull(self) -> None:
        reference = parse_reference(self.name)
        self._engine.images.pull(
            repository=reference.repository,
            tag=reference.version,
            credentials=cli_credentials(reference.registry),
            no_progress_s=_NO_PROGRESS_S,
        )
        self._image_cache.refresh_and_find(self.name)

    def _builtin(self) -> str:
        """Load the built-in image once per process: another image may have taken its name."""
        if not (self._builtin_id and self._view.image(self._builtin_id)):
            self._engine.images.load(builtin_pause.image_tar(self._engine.features.architecture))
            self._builtin_id = self._image_cache.refresh_and_find(builtin_pause.NAME).id
        return self._builtin_id
