"""What the procedures on pods work with."""

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
    """The rooms below, as the procedures need them; `locks` serialises work on one sandbox.

    `pod_resources` are updates of a sandbox's resources.
    """

    engine: Engine
    view: View
    store: Store
    networks: Networks
    pause_image: PauseImage
    oom_floor: OomScoreFloor
    locks: NamedLocks
    pod_resources: StateFiles
    logs: LogWriters
    readiness: Readiness
