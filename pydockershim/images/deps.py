"""The dependencies of the procedures on images."""

from dataclasses import dataclass

from pydockershim.engine.engine import Engine
from pydockershim.view.view import View


@dataclass(frozen=True)
class ImageDeps:
    """The objects that the procedures use; `pull_progress_s`: a pull without progress fails."""

    engine: Engine
    view: View
    pull_progress_s: float
