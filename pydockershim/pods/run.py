"""RunPodSandbox: a pause container with the pod's namespaces, READY only when it is complete.

    free the name -> pause image -> create `<name>_setup` -> start -> network -> resolv.conf
    -> rename to `<name>`

The rename is the last step and the only sign of completion. A failure before it removes the
container; a crash leaves a `_setup` container, which is listed as NOTREADY and is replaced when the
kubelet asks for the sandbox again.
"""

import logging
from contextlib import ExitStack

from pydockershim import calls
from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import ContainerInspect, Json
from pydockershim.engine.oom_score import DEFAULT_SCORE
from pydockershim.errors import AlreadyExists, ShimError, Unknown
from pydockershim.host.container_processes import process_exists
from pydockershim.host.files import overwrite_in_place, read_profile, read_text
from pydockershim.labels import naming
from pydockershim.labels.record import SandboxRecord
from pydockershim.network.interface import DnsConfig, PodNetwork, PodNetworkRequest, PortMapping
from pydockershim.pods import remove
from pydockershim.pods.deps import PodDeps
from pydockershim.translate import resolv
from pydockershim.translate import sandbox as translate
from pydockershim.translate.ports import PROTOCOLS
from pydockershim.translate.runtime import has_runtime
from pydockershim.translate.seccomp import profile_path

logger = logging.getLogger(__name__)


def run(deps: PodDeps, config: cri.PodSandboxConfig, *, handler: str) -> str:
    """Return the id of a new READY sandbox.

    InvalidArgument or Unsupported for a config that is not supported, AlreadyExists (with the
    id) when the sandbox is READY or has containers.
    """
    features = deps.engine.features
    if not has_runtime(handler, features):
        features = deps.engine.renewed_features()
    record = translate.sandbox_record(
        config, handler=handler, network_kind=deps.networks.chosen.kind, features=features
    )
    profile = profile_path(config.linux.security_context)
    body = translate.docker_sandbox(
        config,
        record,
        network_mode=deps.networks.chosen.mode,
        publish_ports=deps.networks.chosen.publishes_ports,
        seccomp_profile=read_profile(profile) if profile else None,
        features=features,
    )
    # Before the lock: a pull has no time limit, and StopPodSandbox must not wait for it.
    body = translate.with_image(body, deps.pause_image.ensure())
    with deps.locks.hold(record.name):
        _make_room(deps, record)
        with ExitStack() as undo:
            sandbox_id = _started(deps, body, name=record.name, undo=undo)
            inspect = deps.engine.containers.inspect(sandbox_id)
            deps.readiness.sees_processes(sees=_is_there(deps, inspect))
            if inspect["HostConfig"]["NetworkMode"] != "host":
                request = _network_request(config, record, inspect)
                _attach(deps, request, record, undo=undo)
            _settle_dns(config, inspect)
            deps.engine.containers.rename(sandbox_id, record.name)
            deps.store.refresh(sandbox_id)
            undo.pop_all()
    return sandbox_id


def _make_room(deps: PodDeps, record: SandboxRecord) -> None:
    """Remove an earlier sandbox of this name that never became READY or has exited."""
    earlier = deps.view.sandbox_named(record.name)
    if earlier is None:
        return
    if _identity(earlier.record) != _identity(record):
        raise AlreadyExists(
            f"Docker name {record.name} of pod {record.namespace}/{record.pod} is taken by sandbox "
            f"{earlier.id} of pod {earlier.record.namespace}/{earlier.record.pod}; rename one of "
            "the pods"
        )
    if earlier.ready or deps.view.containers_of(earlier.id):
        raise AlreadyExists(
            f"pod {record.namespace}/{record.pod} attempt {record.attempt} already has sandbox "
            f"{earlier.id}; stop and remove it first, or use the next attempt"
        )
    logger.info("removing sandbox %s, which has the same name and is not in use", earlier.id)
    remove.tear_down(deps, earlier)


def _identity(record: SandboxRecord) -> tuple[str, str, str]:
    """Return the parts of the name, which a Docker name does not separate: each may contain `_`."""
    return record.namespace, record.pod, record.uid


def _is_there(deps: PodDeps, inspect: ContainerInspect) -> bool:
    """Say whether the pause container's process is one of this host's, or has exited."""
    return (
        process_exists(inspect["State"]["Pid"])
        or not (deps.engine.containers.inspect(inspect["Id"])["State"]["Running"])
    )


def _started(deps: PodDeps, body: Json, *, name: str, undo: ExitStack) -> str:
    """Create and start the pause container; retry once when its OOM score may be the cause."""
    score = deps.oom_floor.clamp(translate.OOM_SCORE_ADJ)
    try:
        sandbox_id = _started_once(
            deps, translate.with_oom_score(body, score), name=name, undo=undo
        )
    except Unknown:
        if deps.oom_floor.settled:
            raise
        score = DEFAULT_SCORE
        sandbox_id = _started_once(
            deps, translate.with_oom_score(body, score), name=name, undo=undo
        )
    deps.oom_floor.learn(score)
    return sandbox_id


def _started_once(deps: PodDeps, body: Json, *, name: str, undo: ExitStack) -> str:
    sandbox_id = deps.engine.containers.create(body, name=naming.setup_name(name)).id
    with ExitStack() as discard:
        discard.callback(_discard, deps, sandbox_id)
        deps.engine.containers.start(sandbox_id)
        undo.push(discard.pop_all())
    return sandbox_id


def _discard(deps: PodDeps, sandbox_id: str) -> None:
    """Remove an incomplete sandbox, even when the caller has disconnected.

    If that fails it stays as NOTREADY, and the kubelet cleans it up.
    """
    with calls.shielded():
        try:
            deps.engine.containers.remove(sandbox_id)
        except ShimError as error:
            logger.warning("cannot remove the incomplete sandbox %s: %s", sandbox_id, error)
        else:
            deps.store.forget(sandbox_id)


def _attach(
    deps: PodDeps, request: PodNetworkRequest, record: SandboxRecord, *, undo: ExitStack
) -> None:
    network = deps.networks.chosen
    addresses = network.attach(request)
    undo.callback(_detach, network, request, record)
    logger.debug("sandbox %s has addresses %s", request.sandbox_id, ", ".join(addresses))


def _detach(network: PodNetwork, request: PodNetworkRequest, record: SandboxRecord) -> None:
    """Take the network away again, even when the caller has disconnected."""
    with calls.shielded():
        network.detach(request.sandbox_id, pid=request.pid, record=record)


def _network_request(
    config: cri.PodSandboxConfig, record: SandboxRecord, inspect: ContainerInspect
) -> PodNetworkRequest:
    return PodNetworkRequest(
        inspect=inspect,
        pod=record.pod,
        namespace=record.namespace,
        uid=record.uid,
        annotations=record.annotations,
        port_mappings=tuple(
            PortMapping(
                protocol=PROTOCOLS[mapping.protocol],
                container_port=mapping.container_port,
                host_port=mapping.host_port,
                host_ip=mapping.host_ip,
            )
            for mapping in config.port_mappings
        ),
        dns=DnsConfig(
            servers=tuple(config.dns_config.servers),
            searches=tuple(config.dns_config.searches),
            options=tuple(config.dns_config.options),
        ),
        cgroup_parent=config.linux.cgroup_parent,
    )


def _settle_dns(config: cri.PodSandboxConfig, inspect: ContainerInspect) -> None:
    """Rewrite resolv.conf where Docker's fields could not express the DNS config."""
    if not config.HasField("dns_config"):
        return
    path = inspect["ResolvConfPath"]
    if not resolv.says_the_same(read_text(path), config.dns_config):
        overwrite_in_place(path, resolv.resolv_conf(config.dns_config))
