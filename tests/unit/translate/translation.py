"""A whole request through the translation, the way the procedures do it, as plain data."""

import json
from dataclasses import asdict
from typing import TypeVar

from google.protobuf import text_format
from google.protobuf.message import Message

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import EngineFeatures, Json
from pydockershim.translate import container, sandbox
from pydockershim.translate.identity import groups_wanted
from pydockershim.translate.image import image_ref
from pydockershim.translate.log_config import LOCAL, docker_log_config
from pydockershim.translate.seccomp import profile_path
from tests.unit.translate.engines import DOCKER_28, IMAGE, SANDBOX_ID

AnyMessage = TypeVar("AnyMessage", bound=Message)

IMAGE_GROUPS = (50000,)

_SANDBOX = """
    metadata { name: "web" namespace: "default" uid: "uid-1" }
    log_directory: "/var/log/pods/default_web_uid-1"
"""
_CONTAINER = """
    metadata { name: "app" }
    image { image: "busybox:1.36" }
"""


def translated_sandbox(
    config: cri.PodSandboxConfig, *, handler: str = "", features: EngineFeatures = DOCKER_28
) -> Json:
    """Return the record and the create body of a sandbox."""
    record = sandbox.sandbox_record(
        config, handler=handler, network_kind="docker", features=features
    )
    body = sandbox.docker_sandbox(
        config,
        record,
        network_mode="bridge",
        publish_ports=True,
        seccomp_profile=_profile(profile_path(config.linux.security_context)),
        features=features,
    )
    body = sandbox.with_oom_score(sandbox.with_image(body, "sha256:pause"), sandbox.OOM_SCORE_ADJ)
    return {"record": asdict(record), "body": body}


def translated_container(
    config: cri.ContainerConfig,
    sandbox_config: cri.PodSandboxConfig,
    *,
    sandbox_id: str = SANDBOX_ID,
    features: EngineFeatures = DOCKER_28,
) -> Json:
    """Return the record and the create body of a container."""
    pod = sandbox.sandbox_record(
        sandbox_config, handler="", network_kind="docker", features=features
    )
    context = config.linux.security_context
    record = container.container_record(
        config, sandbox_id=sandbox_id, sandbox=pod, image_ref=image_ref(config.image, IMAGE)
    )
    body = container.docker_container(
        config,
        record,
        sandbox=pod,
        image=IMAGE,
        host_facts=container.HostFacts(
            seccomp_profile=_profile(profile_path(context, privileged=context.privileged)),
            image_groups=IMAGE_GROUPS if groups_wanted(context) else (),
            log_config=docker_log_config(LOCAL, has_log_path=bool(record.log_path)),
        ),
        features=features,
    )
    with_host_facts = container.with_host_facts(
        body,
        real_sources={path: path for path in container.mount_sources(body)},
        daemon_root=features.root_dir,
        oom_score_adj=config.linux.resources.oom_score_adj,
    )
    return {"record": asdict(record), "body": with_host_facts}


def _profile(path: str | None) -> str | None:
    """Return what the file at a path holds, here the path."""
    return json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "file": path}) if path else None


def sandbox_config(text: str = "") -> cri.PodSandboxConfig:
    """Return the least that a sandbox needs, and what the text format adds."""
    return _merged(cri.PodSandboxConfig(), _SANDBOX, text)


def container_config(text: str = "") -> cri.ContainerConfig:
    """Return the least that a container needs, and what the text format adds."""
    return _merged(cri.ContainerConfig(), _CONTAINER, text)


def _merged(message: AnyMessage, *texts: str) -> AnyMessage:
    for text in texts:
        message.MergeFrom(text_format.Parse(text, type(message)()))
    return message
