"""CreateContainer: one container in a READY sandbox, from an image that is on this host."""

import logging

from pydockershim import calls
from pydockershim.api import runtime_v1 as cri
from pydockershim.config.config import flag
from pydockershim.containers.deps import ContainerDeps
from pydockershim.containers.preconditions import require_ready
from pydockershim.dockerapi import ImageInspect, Json
from pydockershim.engine.container_api import NameTaken
from pydockershim.engine.oom_score import DEFAULT_SCORE
from pydockershim.errors import AlreadyExists, FailedPrecondition, NotFound
from pydockershim.host.files import read_profile, real_mount_source
from pydockershim.labels.record import ContainerRecord
from pydockershim.translate import container as translate
from pydockershim.translate.coverage import without_effect
from pydockershim.translate.identity import groups_wanted
from pydockershim.translate.image import image_ref
from pydockershim.translate.log_config import docker_log_config, is_readable
from pydockershim.translate.seccomp import profile_path
from pydockershim.view.items import SandboxItem

logger = logging.getLogger(__name__)


def create(deps: ContainerDeps, request: cri.CreateContainerRequest) -> str:
    """Return the id of a CREATED container.

    A retry with the same config returns the container of the first try. NotFound: no such sandbox
    or image. FailedPrecondition: the sandbox is not READY, or its log driver cannot be read.
    AlreadyExists: the sandbox has a container of this name and attempt.
    """
    config = request.config
    sandbox = deps.view.sandbox(request.pod_sandbox_id)
    with deps.locks.hold(sandbox.record.name):
        require_ready(deps.view.sandbox(sandbox.id))
        image = deps.engine.images.inspect(config.image.image)
        record = translate.container_record(
            config,
            sandbox_id=sandbox.id,
            sandbox=sandbox.record,
            log_directory=request.sandbox_config.log_directory,
            image_ref=image_ref(config.image, image),
        )
        body = _body(deps, config, record, sandbox=sandbox, image=image)
        try:
            made = deps.engine.containers.create(body, name=record.name)
        except NameTaken as taken:
            return _existing(deps, record, taken)
        for warning in made.warnings:
            logger.warning("container %s: %s", made.id, warning)
        for sentence in without_effect(config, deps.engine.features):
            logger.info("container %s: %s", made.id, sentence)
        return _with_readable_log(deps, made.id)


def _body(
    deps: ContainerDeps,
    config: cri.ContainerConfig,
    record: ContainerRecord,
    *,
    sandbox: SandboxItem,
    image: ImageInspect,
) -> Json:
    """Look up what the config refers to, and return the body of the engine's create call."""
    context = config.linux.security_context
    profile = profile_path(context, privileged=context.privileged)
    user = groups_wanted(context)
    features = deps.engine.features
    body = translate.docker_container(
        config,
        record,
        sandbox=sandbox.record,
        image=image,
        host_facts=translate.HostFacts(
            seccomp_profile=read_profile(profile) if profile else None,
            image_groups=deps.image_users.groups_of(user, image["Id"]) if user else (),
            log_config=docker_log_config(
                deps.log_driver,
                has_log_path=bool(record.log_path),
                file_bytes=deps.log_file_bytes,
            ),
        ),
        features=features,
    )
    return translate.with_host_facts(
        body,
        oom_score_adj=_oom_score(deps, config.linux.resources.oom_score_adj, sandbox.id),
        real_sources={path: real_mount_source(path) for path in translate.mount_sources(body)},
        daemon_root=features.root_dir,
    )


def _with_readable_log(deps: ContainerDeps, container_id: str) -> str:
    """Return the id of a created container; remove it if its log could not be read.

    The log driver and options that the daemon gave it are known only now.
    """
    deps.store.refresh(container_id)
    container = deps.view.container(container_id)
    if container.record.log_path and not is_readable(container.log_config):
        with calls.shielded():
            deps.engine.containers.remove(container.id)
        deps.store.forget(container.id)
        raise FailedPrecondition(
            f"container {container.record.container}: Docker cannot read its log driver "
            f"{container.log_config['Type']}, so it would have no log; use {flag('log_driver')} "
            "local, or change the log driver of the Docker daemon"
        )
    return container.id


def _oom_score(deps: ContainerDeps, asked: int, sandbox_id: str) -> int:
    """Return a score that the engine can set, according to the running pause container."""
    if asked < DEFAULT_SCORE and not deps.oom_floor.settled:
        inspect = deps.engine.containers.inspect(sandbox_id)
        deps.oom_floor.learn(inspect["HostConfig"].get("OomScoreAdj") or DEFAULT_SCORE)
    return deps.oom_floor.clamp(asked)


def _existing(deps: ContainerDeps, record: ContainerRecord, taken: NameTaken) -> str:
    """Return the container that has the name, if it was created by the same request."""
    if taken.holder_id is None:
        raise taken
    try:
        holder = deps.view.container(deps.store.refresh(taken.holder_id).id)
    except NotFound:
        raise taken from None
    same = (holder.sandbox_id, holder.record.config_digest)
    if holder.state == cri.CONTAINER_CREATED and same == (record.sandbox_id, record.config_digest):
        return _with_readable_log(deps, holder.id)
    raise AlreadyExists(
        f"container {record.container} attempt {record.attempt} is {holder.id} in sandbox "
        f"{holder.sandbox_id} already; remove it first, or use the next attempt"
    )
