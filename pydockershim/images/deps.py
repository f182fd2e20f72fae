"""The dependencies of the procedures on images."""

from dataclasses import dataclass

from pydockershim.engine.engine import Engine
from pydockershim.stats.disk_usage import DiskUsage
from pydockershim.view.image_cache import ImageCache
from pydockershim.view.store import Store
from pydockershim.view.view import View


@dataclass(frozen=True, kw_only=True)
class ImageDeps:
    """The objects that the procedures use; `pull_progress_s`: a pull without progress fails."""

    engine: Engine
    view: View
    store: Store
    image_cache: ImageCache
    disk_usage: DiskUsage
    pull_progress_s: float
