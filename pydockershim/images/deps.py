"""What the procedures on images work with."""

from dataclasses import dataclass

from pydockershim.engine.engine import Engine
from pydockershim.stats.disk_usage import DiskUsage
from pydockershim.view.image_cache import ImageCache
from pydockershim.view.store import Store
from pydockershim.view.view import View


@dataclass(frozen=True, kw_only=True)
class ImageDeps:
    """The rooms below; `pull_progress_s`: a pull that stands still for so long is given up."""

    engine: Engine
    view: View
    store: Store
    image_cache: ImageCache
    disk_usage: DiskUsage
    pull_progress_s: float
