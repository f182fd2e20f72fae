"""Disk usage of images and containers, read in the background: the engine may need minutes.

It is read every five minutes, and sooner after an image was added or removed. A failure is retried;
meanwhile the last answer stays, with its time.
"""

import logging
import os
import threading
import time
from pathlib import Path

from pydockershim import calls
from pydockershim.dockerapi import EngineFeatures
from pydockershim.engine.engine import Engine
from pydockershim.errors import ShimError, Unavailable
from pydockershim.translate.filesystem import cri_image_fs_info

logger = logging.getLogger(__name__)

_PERIOD_S = 300.0
_SOON_S = 30.0
_RETRY_S = 1.0
_FIRST_ANSWER_S = 10.0
# The image folder of the system's containerd; below the engine's root, that of Docker's own.
_CONTAINERD_ROOT = Path("/var/lib/containerd")
_OWN_CONTAINERD = "containerd/daemon"


class DiskUsage:
    """`start` it once, `stop` it at the end; `info` is the last answer, ready for the wire."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._changed = threading.Event()
        self._known = threading.Event()
        self._stopping = threading.Event()
        self._response = b""
        self._thread = threading.Thread(target=self._run, name="disk-usage", daemon=True)

    def start(self) -> None:
        """Start; the engine is asked at once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, without waiting for an answer."""
        self._stopping.set()
        self._changed.set()

    def changed(self) -> None:
        """Note that an image was added or removed."""
        self._changed.set()

    def info(self) -> bytes:
        """Return a serialised ImageFsInfoResponse; Unavailable before the first answer."""
        if not self._known.wait(calls.current().remaining_s(_FIRST_ANSWER_S)):
            raise Unavailable("the Docker engine has not reported its disk usage yet; try again")
        return self._response

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._changed.clear()
            try:
                self._ask()
            except (ShimError, OSError) as error:
                logger.debug("cannot read the disk usage: %s", error)
                self._stopping.wait(_SOON_S if self._known.is_set() else _RETRY_S)
            else:
                self._stopping.wait(_SOON_S)
                self._changed.wait(_PERIOD_S - _SOON_S)

    def _ask(self) -> None:
        usage = self._engine.disk_usage()
        features = self._engine.features
        mountpoint = _mountpoint(features)
        status = os.statvfs(mountpoint)
        self._response = cri_image_fs_info(
            usage,
            containerd_image_store=features.containerd_image_store,
            mountpoint=mountpoint,
            inodes_used=status.f_files - status.f_ffree,
            timestamp_ns=time.time_ns(),
        )
        self._known.set()


def _mountpoint(features: EngineFeatures) -> str:
    """Return a folder of the file system that images are on."""
    own = Path(features.root_dir, _OWN_CONTAINERD)
    if features.containerd_image_store and not own.is_dir() and _CONTAINERD_ROOT.is_dir():
        return str(_CONTAINERD_ROOT)
    return features.root_dir
