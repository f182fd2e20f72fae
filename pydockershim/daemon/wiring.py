"""One statement for each object of the daemon, from the engine up to the listener."""

from collections.abc import Callable
from dataclasses import dataclass

from pydockershim.config.config import Config
from pydockershim.config.parsers import NETWORK_PLUGINS
from pydockershim.containers.container_logs import ContainerLogs
from pydockershim.containers.deps import ContainerDeps
from pydockershim.containers.image_users import ImageUsers
from pydockershim.containers.stopping import Stopping
from pydockershim.daemon.service import BackgroundService
from pydockershim.engine.engine import Engine
from pydockershim.engine.oom_score import OomScoreFloor
from pydockershim.engine.readiness import Readiness
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
from pydockershim.streaming.streaming_server import StreamingServer
from pydockershim.view.image_cache import ImageCache
from pydockershim.view.reflector import Reflector
from pydockershim.view.store import Store
from pydockershim.view.view import View

# By the names that `--network-plugin` takes.
_NETWORKS = dict.fromkeys(NETWORK_PLUGINS, DockerBridge)

GRACE_S = 20.0  # for changes in progress when the daemon stops


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """What is started and stopped. `services` are in start order; each needs only those before it.

    `close_events` ends the streams of container events, for which the listener would wait.
    """

    services: tuple[BackgroundService, ...]
    close_events: Callable[[], None]


def build(config: Config, engine: Engine) -> Daemon:
    """Build everything above the engine and start nothing; InvalidArgument: a wrong setting."""
    networks = Networks(_NETWORKS[config.network_plugin]())
    log_writers = LogWriters(engine)
    logs = ContainerLogs(log_writers)
    image_cache = ImageCache(engine, pinned=(config.pause_image, builtin_pause.NAME))
    store = Store(
        engine.containers.inspect, is_drained=logs.is_drained, addresses_of=networks.addresses_of
    )
    view = View(store, image_cache)
    reflector = Reflector(engine, store=store, image_cache=image_cache, on_list=logs.take_up)
    readiness = Readiness(engine.ping, on_loss=reflector.resync)
    disk_usage = DiskUsage(engine)
    locks, oom_floor = NamedLocks(), OomScoreFloor()
    pause_image = PauseImage(
        engine=engine, view=view, image_cache=image_cache, name=config.pause_image
    )
    pods = PodDeps(
        engine=engine,
        view=view,
        store=store,
        networks=networks,
        pause_image=pause_image,
        oom_floor=oom_floor,
        locks=locks,
        pod_resources=StateFiles(config.state_dir / "accepted"),
        log_writers=log_writers,
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
        container_logs=logs,
        log_driver=config.log_driver,
        log_file_bytes=config.log_file_bytes,
    )
    streaming = StreamingServer(
        engine=engine,
        bind=config.streaming_address,
        certificate=config.streaming_certificate,
        limits=config.streaming_limits,
    )
    servicers = _servicers(
        config,
        pods,
        containers,
        image_cache=image_cache,
        disk_usage=disk_usage,
        streaming=streaming,
    )
    listener = Listener(config.socket, *servicers, grace_s=GRACE_S)
    return Daemon(
        services=(log_writers, reflector, readiness, disk_usage, streaming, listener),
        close_events=store.events.close,
    )


def _servicers(
    config: Config,
    pods: PodDeps,
    containers: ContainerDeps,
    *,
    image_cache: ImageCache,
    disk_usage: DiskUsage,
    streaming: StreamingServer,
) -> tuple[RuntimeService, ImageService]:
    """Build what answers the calls."""
    engine, view = pods.engine, pods.view
    verbose = VerboseInfo(engine=engine, view=view, pod_resources=pods.pod_resources)
    runtime_service = RuntimeService(
        view=view,
        pod_deps=pods,
        container_deps=containers,
        runtime=RuntimeInfo(
            engine=engine,
            network=pods.networks.chosen,
            readiness=pods.readiness,
            log_writers=pods.log_writers,
            pause_image=config.pause_image,
        ),
        verbose=verbose,
        streaming=StreamingUrls(view, streaming),
    )
    image_deps = ImageDeps(
        engine=engine,
        view=view,
        store=pods.store,
        image_cache=image_cache,
        disk_usage=disk_usage,
        pull_progress_s=config.pull_progress_s,
    )
    image_service = ImageService(
        view=view, image_deps=image_deps, disk_usage=disk_usage, verbose=verbose
    )
    return runtime_service, image_service
