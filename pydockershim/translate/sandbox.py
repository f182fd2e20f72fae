"""A pod sandbox: its record, and the pause container that holds its namespaces.

- metadata, labels, annotations, log directory, handler, namespace modes, privileged: the record
- hostname: `Hostname`; with host network none, and the host's UTS namespace
- dns_config: see `resolv`; sysctls: see `sysctls`; cgroup_parent: see `cgroups`
- port_mappings: see `ports`, where Docker publishes them and the pod has its own network
- namespace_options: see `namespaces`
- run_as_*, supplemental_groups, seccomp, readonly_rootfs: the pause process's own
- privileged: permits privileged containers; the pause container itself is never privileged
- runtime_handler: `Runtime`
- overhead, resources: the kubelet's pod cgroup enforces them

Always: no restart, no health check from the image, no log, no init process from the daemon (it
would be pid 1 of a shared PID namespace), no new privileges, the lowest CPU weight.
"""

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import EngineFeatures, Json
from pydockershim.labels import naming, schema
from pydockershim.labels.record import SandboxRecord
from pydockershim.translate import coverage, namespaces
from pydockershim.translate.cgroups import docker_cgroup_parent
from pydockershim.translate.checks import invalid, plain_word
from pydockershim.translate.identity import docker_groups, docker_user
from pydockershim.translate.log_config import log_directory
from pydockershim.translate.ports import docker_port_bindings
from pydockershim.translate.resolv import docker_dns
from pydockershim.translate.runtime import docker_runtime
from pydockershim.translate.seccomp import docker_seccomp
from pydockershim.translate.sysctls import docker_sysctls

OOM_SCORE_ADJ = -998  # COMPAT(kubelet): just above its own; the pause process is killed last.

_HOSTNAME_BYTES = 64
_CPU_SHARES = 2


def sandbox_record(
    config: cri.PodSandboxConfig, *, handler: str, network_kind: str, features: EngineFeatures
) -> SandboxRecord:
    """Return the sandbox's record; `network_kind` is that of its pod network.

    InvalidArgument or Unsupported, before anything is changed, for a config that is not supported.
    """
    coverage.refuse_of_sandbox(config, features)
    metadata = config.metadata
    for name in ("name", "namespace", "uid"):
        if not getattr(metadata, name):
            raise invalid(f"metadata.{name}", "is empty; every pod needs one")
    context = config.linux.security_context
    return SandboxRecord(
        name=naming.sandbox_name(
            pod=metadata.name,
            namespace=metadata.namespace,
            uid=metadata.uid,
            attempt=metadata.attempt,
        ),
        pod=metadata.name,
        namespace=metadata.namespace,
        uid=metadata.uid,
        attempt=metadata.attempt,
        labels=dict(config.labels),
        annotations=dict(config.annotations),
        handler=handler,
        namespaces=namespaces.recorded(context.namespace_options),
        network=network_kind,
        log_directory=log_directory(config.log_directory),
        cgroup_parent=docker_cgroup_parent(config.linux.cgroup_parent, features),
        privileged=context.privileged,
    )


def docker_sandbox(
    config: cri.PodSandboxConfig,
    record: SandboxRecord,
    *,
    network_mode: str,
    publish_ports: bool,
    seccomp_profile: str | None = None,
    features: EngineFeatures,
) -> Json:
    """Return the create body of the pause container, complete but for its image.

    `network_mode` is Docker's, for a pod that is not on the host's network; `seccomp_profile` the
    content of `seccomp.profile_path`. `with_image` and `with_oom_score` add what depends on the
    host.
    """
    context = config.linux.security_context
    host_network = namespaces.on_host_network(record)
    bindings = docker_port_bindings(config.port_mappings)
    seccomp = docker_seccomp(context, profile=seccomp_profile, features=features)
    body = {
        "Hostname": "" if host_network else _hostname(config.hostname),
        "User": docker_user(context),
        "ExposedPorts": {},
        "Labels": schema.encode(record),
        "Healthcheck": {"Test": ["NONE"]},
    }
    host_config = {
        **namespaces.docker_sandbox_namespaces(
            context.namespace_options, record, network_mode=network_mode
        ),
        **namespaces.docker_confinement(features, privileged=False),
        **docker_dns(config.dns_config),
        "Runtime": docker_runtime(record.handler, features, field="runtime_handler"),
        "CgroupParent": record.cgroup_parent,
        "Sysctls": docker_sysctls(
            config.linux.sysctls,
            own_network=not host_network,
            own_ipc=not namespaces.on_host_ipc(record),
        ),
        "GroupAdd": docker_groups(context),
        "ReadonlyRootfs": context.readonly_rootfs,
        "SecurityOpt": [*seccomp, "no-new-privileges"],
        "CpuShares": _CPU_SHARES,
        "OomScoreAdj": OOM_SCORE_ADJ,
        "LogConfig": {"Type": "none"},
        "RestartPolicy": {"Name": "no"},
        "Init": False,
    }
    if publish_ports and not host_network:
        body["ExposedPorts"] = {port: {} for port in bindings}
        host_config["PortBindings"] = bindings
    return {**_without_empty(body), "HostConfig": _without_empty(host_config)}


def with_image(body: Json, image_id: str) -> Json:
    """Return the create body with the pause image."""
    return {**body, "Image": image_id}


def with_oom_score(body: Json, oom_score_adj: int) -> Json:
    """Return the create body with an OOM score that Docker can set."""
    return {**body, "HostConfig": {**body["HostConfig"], "OomScoreAdj": oom_score_adj}}


def _hostname(hostname: str) -> str:
    if not hostname:
        return ""
    if len(plain_word("hostname", hostname).encode()) > _HOSTNAME_BYTES:
        raise invalid("hostname", f"{hostname!r} is too long; use at most {_HOSTNAME_BYTES} bytes")
    return hostname


def _without_empty(fields: Json) -> Json:
    """Leave out what is not set; False and 0 are values."""
    return {name: value for name, value in fields.items() if value not in ("", [], {}, None)}
