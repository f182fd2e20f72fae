"""A pod's container.

- metadata, labels, annotations, image, mounts, the log's absolute path: the record
- image: `Image`, by id, because a tag may move in the meantime
- command, args, envs, working_dir, stdin, stdin_once, tty: see `command`
- mounts: see `mounts`; linux.resources: see `resources`
- log_path: see `log_config`
- linux.security_context: see `security`, `identity`, `seccomp` and `namespaces`
- fields that are not supported: see `coverage`

Always: the sandbox's cgroup parent and runtime, no restart, no health check from the image, no init
process from the daemon. No hostname, DNS or ports: the sandbox has them, and Docker refuses them
here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import EngineFeatures, ImageInspect, Json
from pydockershim.labels import naming, schema
from pydockershim.labels.record import ContainerRecord, SandboxRecord
from pydockershim.translate import coverage, log_config, namespaces
from pydockershim.translate.as_json import as_json
from pydockershim.translate.checks import invalid
from pydockershim.translate.command import docker_process
from pydockershim.translate.identity import docker_groups, docker_user
from pydockershim.translate.mounts import docker_mounts, with_real_sources
from pydockershim.translate.resources import docker_resources
from pydockershim.translate.runtime import docker_runtime
from pydockershim.translate.security import docker_security


@dataclass(frozen=True, kw_only=True)
class HostFacts:
    """What was looked up on the host for one container.

    `seccomp_profile` is the content of `seccomp.profile_path`, `image_groups` the ids that
    `identity.image_groups` found for `identity.groups_wanted`, `log_config` is from `log_config`.
    """

    seccomp_profile: str | None = None
    image_groups: tuple[int, ...] = ()
    log_config: Json = field(default_factory=lambda: {"Type": "none"})


def container_record(
    config: cri.ContainerConfig,
    *,
    sandbox_id: str,
    sandbox: SandboxRecord,
    image_ref: str,
    log_directory: str = "",
) -> ContainerRecord:
    """Return what is stored with the container.

    `image_ref` is the image's digested reference; `log_directory` is used where the sandbox's
    record has none.
    """
    if not config.metadata.name:
        raise invalid("metadata.name", "is empty; every container needs one")
    if config.metadata.name == naming.SANDBOX:
        raise invalid("metadata.name", "POD is reserved for pause containers; use another name")
    directory = sandbox.log_directory or log_config.log_directory(log_directory)
    return ContainerRecord(
        name=naming.container_name(
            container=config.metadata.name,
            pod=sandbox.pod,
            namespace=sandbox.namespace,
            uid=sandbox.uid,
            attempt=config.metadata.attempt,
        ),
        container=config.metadata.name,
        pod=sandbox.pod,
        namespace=sandbox.namespace,
        uid=sandbox.uid,
        attempt=config.metadata.attempt,
        sandbox_id=sandbox_id,
        log_path=log_config.log_path(directory, config.log_path),
        labels=dict(config.labels),
        annotations=dict(config.annotations),
        image=as_json(config.image),
        image_ref=image_ref,
        mounts=tuple(as_json(mount) for mount in config.mounts),
        config_digest=sha256(config.SerializeToString(deterministic=True)).hexdigest(),
    )


def docker_container(
    config: cri.ContainerConfig,
    record: ContainerRecord,
    *,
    sandbox: SandboxRecord,
    image: ImageInspect,
    host_facts: HostFacts,
    features: EngineFeatures,
) -> Json:
    """Return the create body, with mount sources and OOM score as they were sent.

    InvalidArgument, Unsupported or FailedPrecondition for a config that is not supported.
    `with_host_facts` adds what depends on the host.
    """
    coverage.refuse_of_container(config, features)
    docker_runtime(config.image.runtime_handler, features, field="image.runtime_handler")
    context = config.linux.security_context
    host_config = {
        **docker_resources(config.linux.resources),
        **docker_security(
            context, sandbox=sandbox, seccomp_profile=host_facts.seccomp_profile, features=features
        ),
        **namespaces.docker_container_namespaces(context, record.sandbox_id, sandbox),
        **namespaces.docker_confinement(features, privileged=context.privileged),
        "GroupAdd": docker_groups(context, host_facts.image_groups),
        "Mounts": docker_mounts(config.mounts, features),
        "CgroupParent": sandbox.cgroup_parent,
        "Runtime": docker_runtime(sandbox.handler, features, field="runtime_handler"),
        "LogConfig": host_facts.log_config,
        "RestartPolicy": {"Name": "no"},
        "Init": False,
    }
    return {
        **docker_process(config),
        "Image": image["Id"],
        "User": docker_user(context),
        "Labels": schema.encode(record),
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": host_config,
    }


def mount_sources(body: Json) -> list[str]:
    """Return the host paths that a create body mounts, as they were sent."""
    return [mount["Source"] for mount in body["HostConfig"]["Mounts"]]


def with_host_facts(
    body: Json, *, real_sources: Mapping[str, str], daemon_root: str, oom_score_adj: int
) -> Json:
    """Return the create body with the real mount sources, and a score that Docker can set.

    `real_sources` has the real path of every path in `mount_sources`.
    """
    host_config = body["HostConfig"]
    mounts = with_real_sources(host_config["Mounts"], real_sources, daemon_root=daemon_root)
    return {
        **body,
        "HostConfig": {**host_config, "Mounts": mounts, "OomScoreAdj": oom_score_adj},
    }
