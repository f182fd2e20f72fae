"""Waits for processes and containers to exit, without polling while they run."""

import asyncio
import os

from pydockershim.engine.engine import Engine
from pydockershim.errors import NotFound, ShimError
from pydockershim.streaming.transport.blocking_calls import BlockingCalls

_POLL_S = 1.0


async def wait_process_exit(pid: int) -> None:
    """Return when a process of this host has exited, or does not exist."""
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


async def wait_container_exit(engine: Engine, blocking: BlockingCalls, container_id: str) -> None:
    """Return when the engine reports that a container is not running, or does not exist."""
    while True:
        try:
            inspect = await blocking.call(engine.containers.inspect, container_id)
        except NotFound:
            return
        except ShimError:  # the engine is unavailable, which says nothing about the container
            pass
        else:
            if not inspect["State"]["Running"]:
                return
            await wait_process_exit(inspect["State"]["Pid"])
        await asyncio.sleep(_POLL_S)
