"""Docker takes what the translation writes, and remembers it word by word.

A field that an engine does not know is silently dropped, so every sample of every translated field
is created and read back.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from pydockershim.dockerapi import ContainerInspect, Json
from pydockershim.engine.engine import Engine
from tests.bed import images
from tests.bed.dockerd import Dockerd
from tests.unit.translate.test_every_field import CONTAINER_SAMPLES, SANDBOX_SAMPLES
from tests.unit.translate.translation import (
    container_config,
    sandbox_config,
    translated_container,
    translated_sandbox,
)

pytestmark = pytest.mark.engine

# Docker adds the image's, or its own: ours must be among them.
LONGER_LISTS = {"Env", "SecurityOpt"}
LARGER_MAPS = {"Labels", "ExposedPorts", "LogConfig", "RestartPolicy"}


@pytest.fixture(scope="module")
def docker(dockerd: Dockerd) -> Iterator[Engine]:
    """Our own client of the session's engine."""
    engine = Engine(str(dockerd.socket))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def joined(docker: Engine) -> Iterator[str]:
    """The id of a container whose namespaces can be joined."""
    body = {"Image": images.BUSYBOX.name, "HostConfig": {"IpcMode": "shareable"}}
    sandbox_id = docker.containers.create(body, name="translation-sandbox").id
    yield sandbox_id
    docker.containers.remove(sandbox_id)


@pytest.mark.parametrize("path", SANDBOX_SAMPLES)
def test_docker_takes_every_field_of_a_sandbox(docker: Engine, path: str) -> None:
    config = sandbox_config(SANDBOX_SAMPLES[path])
    body = translated_sandbox(config, features=docker.features)["body"]

    assert_kept(docker, body)


@pytest.mark.parametrize("path", CONTAINER_SAMPLES)
def test_docker_takes_every_field_of_a_container(docker: Engine, joined: str, path: str) -> None:
    pod = sandbox_config("linux { security_context { privileged: true } }")
    config = container_config(CONTAINER_SAMPLES[path])
    body = translated_container(config, pod, sandbox_id=joined, features=docker.features)["body"]

    assert_kept(docker, body)


def assert_kept(docker: Engine, body: Json) -> None:
    """Create a container of the body, and compare what Docker says of it."""
    body["Image"] = images.BUSYBOX.name
    created = docker.containers.create(body, name="translation-subject")
    try:
        inspect = docker.containers.inspect(created.id)
    finally:
        docker.containers.remove(created.id)
    assert differing(body, inspect) == {}


def differing(body: Json, inspect: ContainerInspect) -> Json:
    """Return what Docker remembers otherwise, by field: what was sent, and what it has."""
    sent = {**body, **body["HostConfig"]}
    kept = {**inspect["Config"], **inspect["HostConfig"]}
    return {
        name: (value, kept.get(name))
        for name, value in sent.items()
        if name != "HostConfig" and value and not is_kept(name, value, kept.get(name))
    }


def is_kept(name: str, value: Any, kept: Any) -> bool:
    if name in LONGER_LISTS:
        return set(value) <= set(kept)
    if name in LARGER_MAPS:
        return all(kept[key] == each for key, each in value.items())
    if name == "Mounts":
        value = [{key: each for key, each in mount.items() if each} for mount in value]
    return bool(value == kept)
