"""The daemon from start to stop."""

import logging
from contextlib import closing

from pydockershim.config.config import Config
from pydockershim.daemon import signals, wiring
from pydockershim.daemon.service import started
from pydockershim.engine.engine import Engine
from pydockershim.host.lock_file import take_lock
from pydockershim.host.process_limits import allow_open_files, bound_arenas

logger = logging.getLogger(__name__)

_ARENAS = 2


def serve(config: Config) -> None:
    """Serve until SIGTERM or SIGINT; ShimError if that is impossible. Pods keep running."""
    bound_arenas(_ARENAS)
    allow_open_files()
    with (
        closing(take_lock(config.state_dir / "lock")),
        closing(Engine(str(config.docker_socket))) as engine,
    ):
        daemon = wiring.build(config, engine)
        wait_for_signal = signals.catch_stop()
        with started(daemon.services):
            wait_for_signal()
            logger.info(
                "stopping: changes in progress have %d s to finish, pods keep running",
                wiring.GRACE_S,
            )
            daemon.close_events()
