"""The dependencies of the procedures on pods."""

from dataclasses import dataclass

from pydockershim.engine.engine import Engine
from pydockershim.engine.oom_score import OomScoreFloor
from pydockershim.engine.readiness import Readiness
from pydockershim.host.state_files import StateFiles
from pydockershim.locks import NamedLocks
from pydockershim.logs.writers import LogWriters
from pydockershim.network.networks import Networks
from pydockershim.pods.pause_image import PauseImage
from pydockershim.view.store import Store
from pydockershim.view.view import View


@dataclass(frozen=True, kw_only=True)
class PodDeps:
    """The objects that the procedures use; `locks` serialises work on one sandbox.

    `pod_resources` holds the last resource update of each sandbox.
    """

    engine: Engine
    view: View
    store: Store
    networks: Networks
    pause_image: PauseImage
    oom_floor: OomScoreFloor
    locks: NamedLocks
    pod_resources: StateFiles
    log_writers: LogWriters
    readiness: Readiness
