"""The dependencies of the procedures on containers."""

from dataclasses import dataclass

from pydockershim.containers.container_logs import ContainerLogs
from pydockershim.containers.image_users import ImageUsers
from pydockershim.containers.stopping import Stopping
from pydockershim.engine.engine import Engine
from pydockershim.engine.oom_score import OomScoreFloor
from pydockershim.locks import NamedLocks
from pydockershim.view.store import Store
from pydockershim.view.view import View


@dataclass(frozen=True, kw_only=True)
class ContainerDeps:
    """The objects that the procedures use.

    `locks` are the pods': a pod cannot be stopped while one of its containers is being created or
    started.
    """

    engine: Engine
    view: View
    store: Store
    oom_floor: OomScoreFloor
    locks: NamedLocks
    image_users: ImageUsers
    stopping: Stopping
    container_logs: ContainerLogs
    log_driver: str
    log_file_bytes: int
