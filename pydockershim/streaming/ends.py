"""How the ends of processes and containers are noticed, without asking for them all the time."""

import asyncio
import os

from pydockershim.engine.engine import Engine
from pydockershim.errors import NotFound, ShimError
from pydockershim.streaming.blocking import Blocking

_POLL_S = 1.0


async def process_ended(pid: int) -> None:
    """Return once a process of this host has ended, or when there is none."""
    try:
        pidfd = os.pidfd_open(pid)
    except OSError:
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(pidfd, ended.set)
        await ended.wait()
    finally:
        loop.remove_reader(pidfd)
        os.close(pidfd)


async def container_ended(engine: Engine, blocking: Blocking, container_id: str) -> None:
    """Return once the engine says that a container does not run any more, or that it has none."""
    while True:
        try:
            inspect = await blocking.call(engine.containers.inspect, container_id)
        except NotFound:
            return
        except ShimError:  # the engine does not answer now, which says nothing of the container
            pass
        else:
            if not inspect["State"]["Running"]:
                return
            await process_ended(inspect["State"]["Pid"])
        await asyncio.sleep(_POLL_S)
