"""One statement for each object of the daemon, from the engine up to the listener."""

from collections.abc import Callable
from dataclasses import dataclass

from pydockershim.config.config import Config
from pydockershim.containers.container_logs import ContainerLogs
from pydockershim.containers.deps import ContainerDeps
from pydockershim.containers.image_users import ImageUsers
from pydockershim.containers.stopping import Stopping
from pydockershim.daemon.service import Service
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

GRACE_S = 20.0  # for changes in progress when the daemon stops


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """What is started and stopped. `services` are in start order; each needs only those before it.

    `close_events` ends the streams of container events, for which the listener would wait.
    """

    services: tuple[Service, ...]
    close_events: Callable[[], None]


def build(config: Config, engine: Engine) -> Daemon:
    """Build everything above the engine and start nothing; InvalidArgument: a wrong setting."""
    networks = Networks(DockerBridge())
    log_writers = LogWriters(engine)
    logs = ContainerLogs(log_writers)
    images = ImageCache(engine, pinned=(config.pause_image, builtin_pause.NAME))
    store = Store(
        engine.containers.inspect, is_drained=logs.is_drained, addresses_of=networks.addresses_of
    )
    view = View(store, images)
    reflector = Reflector(engine, store=store, images=images, on_list=logs.take_up)
    readiness = Readiness(engine.ping, on_loss=reflector.resync)
    disk_usage = DiskUsage(engine)
    locks = NamedLocks()
    oom_floor = OomScoreFloor()
    pause_image = PauseImage(engine=engine, view=view, images=images, name=config.pause_image)
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
        limits=config.streaming_limits,
    )
    servicers = _servicers(
        config, pods, containers, images=images, disk_usage=disk_usage, streaming=streaming
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
    images: ImageCache,
    disk_usage: DiskUsage,
    streaming: StreamingServer,
) -> tuple[RuntimeService, ImageService]:
    """Build what answers the calls."""
    engine, view = pods.engine, pods.view
    verbose = VerboseInfo(engine=engine, view=view, pod_resources=pods.pod_resources)
    runtime_service = RuntimeService(
        view=view,
        pods=pods,
        containers=containers,
        runtime=RuntimeInfo(
            engine=engine,
            network=pods.networks.chosen,
            readiness=pods.readiness,
            log_writers=pods.logs,
            pause_image=config.pause_image,
        ),
        verbose=verbose,
        streaming=StreamingUrls(view, streaming),
    )
    image_deps = ImageDeps(
        engine=engine,
        view=view,
        store=pods.store,
        image_cache=images,
        disk_usage=disk_usage,
        pull_progress_s=config.pull_progress_s,
    )
    image_service = ImageService(
        view=view, images=image_deps, disk_usage=disk_usage, verbose=verbose
    )
    return runtime_service, image_service
