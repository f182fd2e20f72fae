"""Bad requests over the socket: the right code, a sentence about the field, and nothing changed.

The tables of bad values are those of the translation's own tests; here each goes the whole way.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import grpc
import pytest
from google.protobuf import text_format
from google.protobuf.message import Message

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient, CriError
from pydockershim.translate.coverage import REFUSED_OF_CONTAINER, REFUSED_OF_SANDBOX
from tests.bed.dockerd import Dockerd
from tests.bed.images import BUSYBOX
from tests.bed.shim import Shim
from tests.integration.pods import Pod, Pods
from tests.unit.translate.descriptors import fill, holder_of
from tests.unit.translate.test_bad_input import CONTAINERS, SANDBOXES
from tests.waiting import eventually

T = TypeVar("T", bound=Message)

UNKNOWN_ID = "f" * 64
INVALID = grpc.StatusCode.INVALID_ARGUMENT
NOT_FOUND = grpc.StatusCode.NOT_FOUND

# Refused only on a node that has it, and this one has neither AppArmor nor SELinux.
OF_OTHER_NODES = ("apparmor", "selinux_options", "selinux_relabel")

SANDBOX = 'metadata { name: "bad" namespace: "tests" uid: "bad-uid" }'
CONTAINER = f'metadata {{ name: "bad" }} image {{ image: "{BUSYBOX.name}" }}'
CONTEXT = "linux.security_context"


@pytest.fixture(scope="module")
def pod(client: CriClient) -> Iterator[Pod]:
    """A pod for requests that fail in it."""
    pods = Pods(client)
    yield pods.run(log_directory="/var/log/pods/bad")
    pods.close()


@pytest.fixture(autouse=True)
def _changes_nothing(dockerd: Dockerd, client: CriClient, pod: Pod) -> Iterator[None]:
    """Find the engine as it was, and the shim at work, after each of the tests."""
    before = all_of(dockerd)
    yield
    assert all_of(dockerd) == before
    assert client.version().runtime_name == "docker"
    assert pod.status.state == cri.SANDBOX_READY


def all_of(dockerd: Dockerd) -> tuple[Any, ...]:
    """Return what there is in the engine, and how it is."""
    containers = dockerd.api.containers(all=True)
    return (
        {each["Id"]: (each["Names"], each["State"]) for each in containers},
        {each["Id"]: each["RepoTags"] for each in dockerd.api.images()},
        dockerd.leftovers(),
    )


def parsed(kind: type[T], *texts: str) -> T:
    """Return the message that all of the texts make together."""
    message = kind()
    for text in texts:
        message.MergeFrom(text_format.Parse(text, kind()))
    return message


def refused_sandbox(client: CriClient, config: cri.PodSandboxConfig, **fields: str) -> CriError:
    with pytest.raises(CriError) as refused:
        client.run_pod_sandbox(config, **fields)
    return refused.value


def refused_container(pod: Pod, config: cri.ContainerConfig) -> CriError:
    with pytest.raises(CriError) as refused:
        pod.client.create_container(pod.id, config, pod.config)
    return refused.value


def raw_call(channel: grpc.Channel, method: str, request: bytes) -> bytes:
    """Send bytes as they are."""
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
        f"/runtime.v1.RuntimeService/{method}"
    )
    return call(request)


@pytest.mark.parametrize(("text", "field"), SANDBOXES)
def test_bad_sandbox_is_refused_under_its_fields_name(
    client: CriClient, text: str, field: str
) -> None:
    refused = refused_sandbox(client, parsed(cri.PodSandboxConfig, SANDBOX, text))

    assert refused.code is INVALID
    assert refused.message.startswith(field)


@pytest.mark.parametrize(("text", "field"), CONTAINERS)
def test_bad_container_is_refused_under_its_fields_name(pod: Pod, text: str, field: str) -> None:
    refused = refused_container(pod, parsed(cri.ContainerConfig, CONTAINER, text))

    assert refused.code is INVALID
    assert refused.message.startswith(field)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('capabilities { add_capabilities: "NO_SUCH_POWER" }', "NO_SUCH_POWER"),
        ('capabilities { drop_capabilities: "ALL_OF_THEM" }', "ALL_OF_THEM"),
    ],
)
def test_capability_that_only_docker_knows_to_be_none_is_refused(
    pod: Pod, text: str, named: str
) -> None:
    config = parsed(cri.ContainerConfig, CONTAINER, f"linux {{ security_context {{ {text} }} }}")

    refused = refused_container(pod, config)

    assert refused.code is INVALID
    assert named in refused.message


@pytest.mark.parametrize("path", REFUSED_OF_SANDBOX)
def test_field_of_a_sandbox_that_is_not_built_is_refused_by_name(
    client: CriClient, path: str
) -> None:
    if path.endswith(OF_OTHER_NODES):
        return
    config = parsed(cri.PodSandboxConfig, SANDBOX)
    holder, name, shown = holder_of(config, path)
    fill(holder, name)

    refused = refused_sandbox(client, config)

    assert refused.code is grpc.StatusCode.UNIMPLEMENTED
    assert refused.message.startswith(f"{shown}: ")


@pytest.mark.parametrize("path", REFUSED_OF_CONTAINER)
def test_field_of_a_container_that_is_not_built_is_refused_by_name(pod: Pod, path: str) -> None:
    if path.endswith(OF_OTHER_NODES):
        return
    config = parsed(cri.ContainerConfig, CONTAINER)
    holder, name, shown = holder_of(config, path)
    fill(holder, name)

    refused = refused_container(pod, config)

    assert refused.code is grpc.StatusCode.UNIMPLEMENTED
    assert refused.message.startswith(f"{shown}: ")


def test_what_asks_for_nothing_passes(pods: Pods) -> None:
    pod = pods.run(
        linux=parsed(
            cri.LinuxPodSandboxConfig,
            "overhead { cpu_shares: 5 } resources { memory_limit_in_bytes: 5 }",
            "security_context { selinux_options {} supplemental_groups_policy: Merge }",
        )
    )

    pod.start(
        linux=parsed(
            cri.LinuxContainerConfig,
            'resources { hugepage_limits { page_size: "2MB" } }',
            "security_context { selinux_options {} apparmor { profile_type: RuntimeDefault } }",
        )
    )


def test_unknown_runtime_handler_is_refused_and_the_known_ones_are_named(client: CriClient) -> None:
    config = parsed(cri.PodSandboxConfig, SANDBOX)

    refused = refused_sandbox(client, config, handler="no-such-handler")

    assert refused.code is INVALID
    assert "'no-such-handler'" in refused.message
    assert "runc" in refused.message


def test_a_runtime_that_docker_has_been_told_of_since_is_known(
    client: CriClient, dockerd: Dockerd
) -> None:
    config = parsed(cri.PodSandboxConfig, SANDBOX)
    dockerd.reload({"runtimes": {"another": {"path": "runc"}}})
    try:
        eventually(lambda: "another" in dockerd.api.info()["Runtimes"])

        sandbox_id = client.run_pod_sandbox(config, handler="another")

        handlers = client.status().runtime_handlers
        client.remove_pod_sandbox(sandbox_id)
    finally:
        dockerd.reload({"runtimes": {}})
    assert "another" in {handler.name for handler in handlers}


@pytest.mark.parametrize(
    ("request_", "missing"),
    [
        (cri.RunPodSandboxRequest(), "config.metadata"),
        (cri.RunPodSandboxRequest(config=cri.PodSandboxConfig(hostname="x")), "config.metadata"),
        (cri.CreateContainerRequest(), "pod_sandbox_id"),
        (cri.CreateContainerRequest(pod_sandbox_id=UNKNOWN_ID), "config.metadata"),
        (
            cri.CreateContainerRequest(
                pod_sandbox_id=UNKNOWN_ID,
                config=cri.ContainerConfig(metadata=cri.ContainerMetadata(name="x")),
            ),
            "config.image",
        ),
        (
            cri.CreateContainerRequest(
                pod_sandbox_id=UNKNOWN_ID, config=parsed(cri.ContainerConfig, CONTAINER)
            ),
            "sandbox_config",
        ),
        (cri.StopPodSandboxRequest(), "pod_sandbox_id"),
        (cri.RemovePodSandboxRequest(), "pod_sandbox_id"),
        (cri.PodSandboxStatusRequest(), "pod_sandbox_id"),
        (cri.StartContainerRequest(), "container_id"),
        (cri.StopContainerRequest(), "container_id"),
        (cri.RemoveContainerRequest(), "container_id"),
        (cri.ContainerStatusRequest(), "container_id"),
        (cri.ExecSyncRequest(cmd=["true"]), "container_id"),
        (cri.ExecSyncRequest(container_id=UNKNOWN_ID), "cmd"),
        (cri.PullImageRequest(), "image.image"),
        (cri.ImageStatusRequest(image=cri.ImageSpec()), "image.image"),
        (cri.RemoveImageRequest(), "image.image"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Message) else value,
)
def test_what_is_missing_is_named(client: CriClient, request_: Message, missing: str) -> None:
    with pytest.raises(CriError) as refused:
        client.call(request_, cri.VersionResponse)

    assert refused.value.code is INVALID
    assert missing in refused.value.message


@pytest.mark.parametrize("bad", [UNKNOWN_ID, "../json", "a/b?force=1", "a\nb", "x" * 10_000])
def test_unknown_id_is_not_found_and_is_stopped_and_removed_already(
    client: CriClient, pod: Pod, bad: str
) -> None:
    asked: list[Callable[[], object]] = [
        lambda: client.pod_sandbox_status(bad),
        lambda: client.pod_sandbox_status(bad, verbose=True),
        lambda: client.container_status(bad),
        lambda: client.container_status(bad, verbose=True),
        lambda: client.start_container(bad),
        lambda: client.exec_sync(bad, ["true"]),
        lambda: client.create_container(bad, parsed(cri.ContainerConfig, CONTAINER), pod.config),
    ]
    for ask in asked:
        with pytest.raises(CriError) as refused:
            ask()
        assert refused.value.code is NOT_FOUND
        assert repr(bad[:10])[1:-1] in repr(refused.value.message)

    client.stop_pod_sandbox(bad)
    client.remove_pod_sandbox(bad)
    client.stop_container(bad)
    client.remove_container(bad)


def test_sandbox_id_is_no_container_id(client: CriClient, pod: Pod) -> None:
    for ask in (
        lambda: client.container_status(pod.id),
        lambda: client.start_container(pod.id),
        lambda: client.exec_sync(pod.id, ["true"]),
    ):
        with pytest.raises(CriError, match=pod.id) as refused:
            ask()
        assert refused.value.code is NOT_FOUND

    client.stop_container(pod.id)
    client.remove_container(pod.id)


def test_container_id_is_no_sandbox_id(client: CriClient, pod: Pod) -> None:
    container = pod.start()

    with pytest.raises(CriError, match=container.id) as status:
        client.pod_sandbox_status(container.id)
    with pytest.raises(CriError, match=container.id) as create:
        client.create_container(container.id, parsed(cri.ContainerConfig, CONTAINER), pod.config)
    client.stop_pod_sandbox(container.id)
    client.remove_pod_sandbox(container.id)

    assert status.value.code is create.value.code is NOT_FOUND
    assert container.status.state == cri.CONTAINER_RUNNING
    client.remove_container(container.id)


def test_foreign_container_is_neither_shown_nor_touched(
    client: CriClient, dockerd: Dockerd, pod: Pod
) -> None:
    labels = {"io.kubernetes.docker.type": "container", "io.kubernetes.sandbox.id": pod.id}
    foreign = dockerd.api.create_container(BUSYBOX.name, ["sleep", "60"], labels=labels)["Id"]
    dockerd.api.start(foreign)

    with pytest.raises(CriError) as refused:
        client.container_status(foreign)
    client.stop_container(foreign)
    client.remove_container(foreign)

    assert refused.value.code is NOT_FOUND
    assert foreign not in {each.id for each in client.list_containers()}
    assert dockerd.api.inspect_container(foreign)["State"]["Running"]
    dockerd.api.remove_container(foreign, force=True)


@pytest.mark.parametrize("image", ["Not An Image", "../../etc", "a?b=c", "x" * 5000, "a:b:c", "@"])
def test_bad_image_name_is_refused(client: CriClient, pod: Pod, image: str) -> None:
    config = parsed(cri.ContainerConfig, CONTAINER)
    config.image.image = image
    asked: list[Callable[[], object]] = [
        lambda: client.pull_image(image),
        lambda: client.image_status(image),
        lambda: client.remove_image(image),
        lambda: client.list_images(image),
        lambda: client.create_container(pod.id, config, pod.config),
    ]
    for ask in asked:
        with pytest.raises(CriError) as refused:
            ask()
        assert refused.value.code is INVALID


@pytest.mark.parametrize("command", [[""], ["a\0b"], ["/"]])
@pytest.mark.engine
def test_bad_command_is_an_error_of_the_call(pods: Pods, command: list[str]) -> None:
    container = pods.run().start()

    with pytest.raises(CriError) as refused:
        container.execute(command)

    assert refused.value.code in {INVALID, grpc.StatusCode.UNKNOWN}
    assert container.status.state == cri.CONTAINER_RUNNING


def test_message_beyond_the_bound_is_refused(pod: Pod) -> None:
    config = parsed(cri.ContainerConfig, CONTAINER)
    config.annotations["long"] = "x" * (17 * 1024 * 1024)

    assert refused_container(pod, config).code is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_bytes_that_are_no_message_are_an_error(shim: Shim) -> None:
    with grpc.insecure_channel(shim.url) as channel, pytest.raises(grpc.RpcError):
        raw_call(channel, "RunPodSandbox", b"\xff\xff\xff")


@pytest.mark.parametrize("method", ["CheckpointPod", "RestorePod", "NoSuchMethod"])
def test_what_docker_cannot_do_is_unimplemented(shim: Shim, method: str) -> None:
    with grpc.insecure_channel(shim.url) as channel, pytest.raises(grpc.RpcError) as refused:
        raw_call(channel, method, b"")

    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_no_error_and_no_log_line_has_an_environment_value(shim: Shim, pod: Pod) -> None:
    before = len(shim.program.logged().encode())
    secret = "S3cr3t-value"  # noqa: S105 -- to be looked for
    config = parsed(
        cri.ContainerConfig,
        CONTAINER,
        f'envs {{ key: "GOOD" value: "{secret}" }} envs {{ key: "BAD" value: "{secret}\\000" }}',
    )

    refused = refused_container(pod, config)
    container = pod.start(envs=[cri.KeyValue(key="GOOD", value=secret.encode())])
    pod.client.remove_container(container.id)

    assert "BAD" in refused.message
    assert secret not in refused.message
    assert secret not in shim.program.logged(since=before)


def test_newline_in_a_request_forges_no_line_of_the_log(shim: Shim, client: CriClient) -> None:
    before = len(shim.program.logged().encode())
    config = parsed(cri.PodSandboxConfig, SANDBOX)
    config.metadata.name = "x\n2026-01-01 INFO pydockershim: forged"

    refused_sandbox(client, config)

    lines = shim.program.logged(since=before).splitlines()
    assert not [line for line in lines if line.startswith("2026-01-01 INFO")]
