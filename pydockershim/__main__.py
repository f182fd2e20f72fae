"""The composition root: builds every object, in order, serves, and ends on a signal.

python -m pydockershim [flags]
"""

import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol

from pydockershim.cli import flags
from pydockershim.config import Config
from pydockershim.containers.container_logs import ContainerLogs
from pydockershim.containers.deps import ContainerDeps
from pydockershim.containers.image_users import ImageUsers
from pydockershim.containers.stopping import Stopping
from pydockershim.engine.engine import Engine
from pydockershim.engine.oom_score import OomScoreFloor
from pydockershim.engine.readiness import Readiness
from pydockershim.engine.transport import socket_path
from pydockershim.errors import ShimError
from pydockershim.host.lock_file import take_lock
from pydockershim.host.process_limits import allow_open_files, bound_arenas
from pydockershim.host.state_files import StateFiles
from pydockershim.images.deps import ImageDeps
from pydockershim.locks import NamedLocks
from pydockershim.logs.writers import LogWriters
from pydockershim.network.docker_bridge import DockerBridge
from pydockershim.network.networks import Networks
from pydockershim.pods import builtin_pause
from pydockershim.pods.deps import PodDeps
from pydockershim.pods.pause_image import PauseImage
from pydockershim.server.image_service import ImageService
from pydockershim.server.listen import Listener
from pydockershim.server.runtime_info import RuntimeInfo
from pydockershim.server.runtime_service import RuntimeService
from pydockershim.server.streaming_urls import StreamingUrls
from pydockershim.server.verbose import VerboseInfo
from pydockershim.stats.disk_usage import DiskUsage
from pydockershim.streaming.limits import streaming_limits
from pydockershim.streaming.streaming_server import StreamingServer
from pydockershim.view.image_cache import ImageCache
from pydockershim.view.reflector import Reflector
from pydockershim.view.store import Store
from pydockershim.view.view import View

logger = logging.getLogger("pydockershim")

_GRACE_S = 20.0  # for the calls under way when the daemon is told to end
_ENDS = (signal.SIGTERM, signal.SIGINT)
_ARENAS = 2
# COMPAT(cri-dockerd): names of its own.
_LOG_LEVELS = {"trace": "DEBUG", "warn": "WARNING", "fatal": "CRITICAL", "panic": "CRITICAL"}


class _Service(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the daemon until SIGTERM or SIGINT; a second signal ends it at once."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        config = flags.parse(sys.argv[1:] if arguments is None else arguments)
        _set_log_level(config.log_level)
        serve(config)
    except ShimError as error:
        print(f"pydockershim: {error}", file=sys.stderr)  # noqa: T201  # said to whoever started it
        _leave(1)
    _leave(0)


def serve(config: Config) -> None:
    """Build the daemon, serve, and return when it has been told to end. Pods are left alone."""
    bound_arenas(_ARENAS)
    allow_open_files()
    state_lock = take_lock(config.state_dir / "lock")
    engine, networks = Engine(socket_path(config.docker_endpoint)), Networks(DockerBridge())
    log_writers = LogWriters(engine)
    logs = ContainerLogs(log_writers)
    images = ImageCache(engine, pinned=(config.pause_image, builtin_pause.NAME))
    store = Store(
        engine.inspect_container, is_drained=logs.is_drained, addresses_of=networks.addresses_of
    )
    view = View(store, images)
    reflector = Reflector(engine, store=store, images=images, on_list=logs.take_up)
    readiness = Readiness(engine.ping, on_loss=reflector.resync)
    disk_usage = DiskUsage(engine)
    locks, oom_floor = NamedLocks(), OomScoreFloor()
    pause_image = PauseImage(engine, view=view, images=images, name=config.pause_image)
    pod_resources = StateFiles(config.state_dir / "accepted")
    pods = PodDeps(
        engine=engine,
        view=view,
        store=store,
        networks=networks,
        pause_image=pause_image,
        oom_floor=oom_floor,
        locks=locks,
        pod_resources=pod_resources,
        logs=log_writers,
        readiness=readiness,
    )
    containers = ContainerDeps(
        engine=engine,
        view=view,
        store=store,
        oom_floor=oom_floor,
        locks=locks,
        image_users=ImageUsers(engine),
        stopping=Stopping(),
        logs=logs,
        log_driver=config.log_driver,
        log_file_bytes=config.log_file_bytes,
    )
    streaming = StreamingServer(
        engine=engine,
        bind=config.streaming_address,
        certificate=config.streaming_certificate,
        limits=streaming_limits(config.streaming_limits),
    )
    servicers = _servicers(
        config, pods, containers, images=images, disk_usage=disk_usage, streaming=streaming
    )
    listener = Listener(config.socket, *servicers, grace_s=_GRACE_S)
    _run(
        (log_writers, reflector, readiness, disk_usage, streaming, listener),
        close_events=store.events.close,
    )
    engine.close()
    state_lock.close()


def _run(services: Sequence[_Service], *, close_events: Callable[[], None]) -> None:
    """Start the services in order, wait for a signal, and stop them in reverse order."""
    wait_for_signal = _on_signals()
    for each in services:
        each.start()
    wait_for_signal()
    logger.info("stopping: changes in progress have %d s to finish, pods keep running", _GRACE_S)
    close_events()
    for each in reversed(services):
        each.stop()


def _servicers(
    config: Config,
    pods: PodDeps,
    containers: ContainerDeps,
    *,
    images: ImageCache,
    disk_usage: DiskUsage,
    streaming: StreamingServer,
) -> tuple[RuntimeService, ImageService]:
    engine, view = pods.engine, pods.view
    runtime = RuntimeInfo(
        engine=engine,
        network=pods.networks.chosen,
        readiness=pods.readiness,
        log_writers=pods.logs,
        pause_image=config.pause_image,
    )
    verbose = VerboseInfo(engine=engine, view=view, pod_resources=pods.pod_resources)
    image_deps = ImageDeps(
        engine=engine,
        view=view,
        store=pods.store,
        image_cache=images,
        disk_usage=disk_usage,
        pull_progress_s=config.pull_progress_s,
    )
    runtime_service = RuntimeService(
        view=view,
        pods=pods,
        containers=containers,
        runtime=runtime,
        verbose=verbose,
        streaming=StreamingUrls(view, streaming),
    )
    return runtime_service, ImageService(view=view, images=image_deps, verbose=verbose)


def _on_signals() -> Callable[[], None]:
    """Return what waits for the first SIGTERM or SIGINT; the next one ends the process."""
    # The kernel may give a signal to any thread, or to this one just before it begins to wait: then
    # it interrupts no wait for a lock, and Python's handler would never run. A descriptor is read.
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told)
    for number in _ENDS:
        signal.signal(number, lambda *_: None)

    def wait() -> None:
        os.read(heard, 1)
        for number in _ENDS:
            signal.signal(number, signal.SIG_DFL)

    return wait


def _leave(code: int) -> NoReturn:
    """End the process at once: threads that still wait for the engine must not hold up the end."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _set_log_level(level: str) -> None:
    # Of other packages only what is wrong: their debug lines may hold what must not be logged.
    logger.setLevel(_LOG_LEVELS.get(level, level.upper()))


if __name__ == "__main__":
    main()
