"""Which image a pod's pause container runs, and how it comes to this host.

- The configured image, when it is here: it is never pulled again.
- Else it is pulled, with the credentials of the docker CLI of the user that this program runs as.
- A pull that fails or stands still is logged once and not tried again for five minutes; until then
  the built-in image serves, which needs no registry.
"""

import logging
import threading
import time

from pydockershim import calls
from pydockershim.engine.auth import cli_credentials
from pydockershim.engine.engine import Engine
from pydockershim.errors import ShimError
from pydockershim.pods import builtin_pause
from pydockershim.translate.image import parse_reference
from pydockershim.view.view import View

logger = logging.getLogger(__name__)

_NO_PROGRESS_S = 10.0
_RETRY_AFTER_S = 300.0


class PauseImage:
    """Owns the memory of a pull that failed."""

    def __init__(self, *, engine: Engine, view: View, name: str) -> None:
        self.name = name
        self._engine = engine
        self._view = view
        self._lock = threading.Lock()
        self._retry_at_s = 0.0
        self._builtin_id = ""

    def ensure(self) -> str:
        """Return the id of an image for a pause container, which is on this host now."""
        return self._present(self.name) or self._pulled() or self._builtin()

    def _present(self, name: str) -> str | None:
        image = self._view.image(name)
        return image.id if image else None

    def _pulled(self) -> str | None:
        with self._lock:
            if present := self._present(self.name):
                return present
            if time.monotonic() < self._retry_at_s:
                return None
            try:
                # For all pods that wait, so it does not end with the one that came first.
                with calls.shielded():
                    self._pull()
            except ShimError as error:
                self._retry_at_s = time.monotonic() + _RETRY_AFTER_S
                logger.warning(
                    "pause image %s cannot be pulled, the built-in one serves for %d s: %s",
                    self.name,
                    _RETRY_AFTER_S,
                    error,
                )
                return None
            return self._present(self.name)

    def _pull(self) -> None:
        reference = parse_reference(self.name)
        self._engine.pull_image(
            repository=reference.repository,
            tag=reference.version,
            credentials=cli_credentials(reference.registry),
            no_progress_s=_NO_PROGRESS_S,
        )
        self._view.refresh_image(self.name)

    def _builtin(self) -> str:
        """Load our own image once a run, so that nobody's image of that name stands in for it."""
        if not (self._builtin_id and self._view.image(self._builtin_id)):
            self._engine.load_image(builtin_pause.image_tar(self._engine.features.architecture))
            self._builtin_id = self._view.refresh_image(builtin_pause.NAME).id
        return self._builtin_id
