"""Images: pulled with every form of credentials, told, and removed; and pulls that fail."""

import base64
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient, CriError
from tests.bed import images, namespaces
from tests.bed import registry as registries
from tests.bed.dockerd import Dockerd
from tests.bed.images import BUSYBOX, REPOSITORY, USER_BY_NAME, Image
from tests.bed.registry import Registry
from tests.bed.shim import Shim
from tests.integration.pods import Pods
from tests.integration.registries import silent_registry, token_registry
from tests.waiting import eventually

pytestmark = [pytest.mark.engine, pytest.mark.store]

IMAGE = Image(f"{REPOSITORY}/pulled:1", {"Cmd": ["sleep", "3600"], "User": "1000:33"})
BUILT_IN_PAUSE = "pydockershim/pause:builtin"

CREDENTIALS = dict(registries.PRIVATE.credentials)
AUTH = cri.AuthConfig(**CREDENTIALS)
WRONG = "wr0ng-passw0rd"
TOKENS = {"identity_token": "1dentity-t0ken", "registry_token": "reg1stry-t0ken"}
# None of them may show up in a log.
SECRETS = [CREDENTIALS["password"], WRONG, *TOKENS.values()]


@pytest.fixture(scope="module")
def pushed(dockerd: Dockerd, registry: Registry, private_registry: Registry) -> tuple[str, str]:
    """The image's names in the open registry and in the one with a password; not in the engine."""
    images.load(dockerd, [IMAGE])
    names = registry.push(dockerd, IMAGE), private_registry.push(dockerd, IMAGE)
    dockerd.api.remove_image(IMAGE.name)
    return names


@pytest.fixture(autouse=True)
def _image_is_gone_afterwards(client: CriClient, pushed: tuple[str, str]) -> Iterator[None]:
    yield
    for name in pushed:
        client.remove_image(name)


@pytest.fixture
def open_name(pushed: tuple[str, str]) -> str:
    return pushed[0]


@pytest.fixture
def private_name(pushed: tuple[str, str]) -> str:
    return pushed[1]


@pytest.fixture(scope="module", autouse=True)
def _no_secret_is_logged(shim: Shim) -> Iterator[None]:
    yield
    logged = shim.program.logged()
    encoded = [base64.b64encode(f"tester:{each}".encode()).decode() for each in SECRETS]
    assert not [each for each in (*SECRETS, *encoded) if each in logged]


def refused(client: CriClient, name: str, auth: cri.AuthConfig | None = None) -> CriError:
    with pytest.raises(CriError) as error:
        client.pull_image(name, auth=auth)
    return error.value


# Identity


def test_one_string_names_an_image_everywhere(
    client: CriClient, pods: Pods, open_name: str
) -> None:
    image_ref = client.pull_image(open_name)

    (listed,) = client.list_images(open_name)
    pod = pods.run()
    container = pod.create([], image=image_ref)
    (container_listed,) = client.list_containers()
    status = client.image_status(open_name)
    assert status is not None
    assert listed == status
    assert {
        status.id,
        container.status.image_id,
        container_listed.image_id,
        container_listed.image_ref,
    } == {image_ref}
    assert container.status.image_ref == status.repo_digests[0]


def test_image_is_told_with_its_names_size_and_user(client: CriClient, open_name: str) -> None:
    client.pull_image(open_name)

    image = client.image_status(open_name)

    assert image is not None
    assert list(image.repo_tags) == [open_name]
    assert image.repo_digests[0].startswith(f"{open_name.removesuffix(':1')}@sha256:")
    assert image.size > 100_000
    assert (image.uid.value, image.username, image.pinned) == (1000, "", False)
    by_name = client.image_status(USER_BY_NAME.name)
    assert by_name is not None
    assert (by_name.HasField("uid"), by_name.username) == (False, "www-data")


def test_every_way_to_name_an_image_leads_to_it(client: CriClient, open_name: str) -> None:
    image_id = client.pull_image(open_name)
    image = client.image_status(open_name)
    assert image is not None
    digest = image.repo_digests[0].partition("@")[2]
    names = [
        *(image_id, image_id.removeprefix("sha256:"), image_id.removeprefix("sha256:")[:12]),
        *(image.repo_digests[0], f"{open_name}@{digest}"),
    ]

    assert {each.id for name in names for each in client.list_images(name)} == {image_id}
    assert all(client.image_status(name) == image for name in names)


def test_digest_in_each_repository_leads_to_the_image(
    client: CriClient, open_name: str, private_name: str
) -> None:
    ids = {client.pull_image(open_name), client.pull_image(private_name, auth=AUTH)}

    image = client.image_status(open_name)

    assert image is not None
    assert ids == {image.id}
    assert {each.partition("@")[0] for each in image.repo_digests} == {
        name.removesuffix(":1") for name in (open_name, private_name)
    }
    assert all(client.image_status(each) == image for each in image.repo_digests)


def test_image_that_is_not_there_is_no_error(client: CriClient) -> None:
    assert client.image_status(f"{REPOSITORY}/missing:1") is None
    assert not client.list_images(f"{REPOSITORY}/missing:1")


def test_all_images_are_listed(client: CriClient) -> None:
    tags = {tag for each in client.list_images() for tag in each.repo_tags}

    assert {each.name for each in images.ALL} <= tags


def test_image_gone_behind_the_shims_back_is_seen(
    client: CriClient, dockerd: Dockerd, open_name: str
) -> None:
    client.pull_image(open_name)
    dockerd.api.remove_image(open_name)

    eventually(lambda: client.image_status(open_name) is None)


def test_pause_image_is_pinned(client: CriClient, pods: Pods) -> None:
    pods.run()

    image = client.image_status(BUILT_IN_PAUSE)

    assert image is not None
    assert image.pinned


def test_verbose_status_has_the_images_configuration(client: CriClient, open_name: str) -> None:
    client.pull_image(open_name)
    request = cri.ImageStatusRequest(image=cri.ImageSpec(image=open_name), verbose=True)

    answer = client.call(request, cri.ImageStatusResponse)

    assert '"1000:33"' in answer.info["info"]


def test_file_system_of_images(client: CriClient, dockerd: Dockerd) -> None:
    answer = client.call(cri.ImageFsInfoRequest(), cri.ImageFsInfoResponse)

    (usage,) = answer.image_filesystems
    assert usage.fs_id.mountpoint == str(dockerd.directory / "data")
    assert usage.used_bytes.value > 1_000_000
    assert usage.timestamp > 1_600_000_000_000_000_000


# Pulls


@pytest.mark.parametrize(
    "auth",
    [
        AUTH,
        cri.AuthConfig(auth=base64.b64encode(b"tester:s3cret").decode()),
        cri.AuthConfig(auth=base64.b64encode(b"tester:s3cret\0\0").decode()),
        cri.AuthConfig(**CREDENTIALS, server_address="127.0.0.1:5001"),
    ],
    ids=["username", "auth", "auth-with-nuls", "server-address"],
)
def test_credentials_open_the_registry(
    client: CriClient, private_name: str, auth: cri.AuthConfig
) -> None:
    image_ref = client.pull_image(private_name, auth=auth)

    assert client.list_images(private_name)[0].id == image_ref


def test_credentials_are_those_of_one_pull_alone(client: CriClient, private_name: str) -> None:
    client.pull_image(private_name, auth=AUTH)
    client.remove_image(private_name)

    assert refused(client, private_name).code is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    "auth",
    [
        cri.AuthConfig(**{**CREDENTIALS, "password": WRONG}),
        cri.AuthConfig(auth=base64.b64encode(f"tester:{WRONG}".encode()).decode()),
    ],
)
def test_wrong_password_is_a_refusal_without_it(
    client: CriClient, private_name: str, auth: cri.AuthConfig
) -> None:
    error = refused(client, private_name, auth)

    assert error.code is grpc.StatusCode.PERMISSION_DENIED
    assert WRONG not in error.message


def test_auth_that_is_no_base64_is_refused_without_it(client: CriClient, private_name: str) -> None:
    error = refused(client, private_name, cri.AuthConfig(auth=WRONG))

    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert WRONG not in error.message


@pytest.mark.parametrize("field", TOKENS)
def test_token_is_shown_to_the_registry(client: CriClient, field: str) -> None:
    token = TOKENS[field]
    with token_registry() as odd:
        error = refused(client, f"{odd.address}/any:1", cri.AuthConfig(**{field: token}))

    assert error.code is grpc.StatusCode.PERMISSION_DENIED
    assert token not in error.message
    assert any(token in each for each in odd.shown)


def test_pull_by_digest(client: CriClient, open_name: str) -> None:
    by_tag = client.pull_image(open_name)
    by_digest = client.list_images(open_name)[0].repo_digests[0]
    client.remove_image(open_name)

    assert client.pull_image(by_digest) == by_tag

    image = client.image_status(by_digest)
    assert image is not None
    assert (list(image.repo_tags), list(image.repo_digests)) == ([], [by_digest])
    assert client.image_status(open_name) is None
    client.remove_image(by_digest)
    assert client.image_status(by_tag) is None


def test_pull_of_what_is_there_is_no_work(client: CriClient, open_name: str) -> None:
    assert client.pull_image(open_name) == client.pull_image(open_name)


def test_pulls_of_one_image_at_once(client: CriClient, open_name: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        references = set(pool.map(client.pull_image, [open_name] * 4))

    assert len(references) == 1


def test_unknown_tag_and_unknown_repository_are_not_found(
    client: CriClient, open_name: str
) -> None:
    for name in (f"{open_name}-unknown", open_name.replace("pulled", "unknown")):
        assert refused(client, name).code is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("host", ["127.0.0.1:1", "no-such-host.invalid"])
def test_registry_that_cannot_be_reached_is_told_as_the_kubelet_wants_it(
    client: CriClient, host: str
) -> None:
    error = refused(client, f"{host}/any:1")

    assert error.code is grpc.StatusCode.UNKNOWN
    assert error.message.startswith("RegistryUnavailable: ")


def test_id_cannot_be_pulled(client: CriClient) -> None:
    error = refused(client, f"sha256:{'a' * 64}")

    assert error.code is grpc.StatusCode.INVALID_ARGUMENT


def test_unknown_runtime_handler_of_an_image_is_refused(client: CriClient) -> None:
    spec = cri.ImageSpec(image=BUSYBOX.name, runtime_handler="no-such-handler")

    with pytest.raises(CriError, match="runtime_handler") as error:
        client.call(cri.PullImageRequest(image=spec), cri.PullImageResponse)

    assert error.value.code is grpc.StatusCode.INVALID_ARGUMENT


def test_pull_ends_with_its_caller(client: CriClient) -> None:
    with silent_registry() as silent:
        request = cri.PullImageRequest(image=cri.ImageSpec(image=f"{silent}/any:1"))
        with pytest.raises(CriError) as gone:
            client.call(request, cri.PullImageResponse, timeout_s=0.5)

    assert gone.value.code is grpc.StatusCode.DEADLINE_EXCEEDED


def test_pull_that_stands_still_is_given_up(dockerd: Dockerd) -> None:
    flags = ["--image-pull-progress-deadline=1s"]
    with (
        Shim(dockerd, namespaces.PRIVATE / "impatient", flags=flags) as shim,
        CriClient(shim.url) as client,
        silent_registry() as silent,
    ):
        began_s = time.monotonic()
        error = refused(client, f"{silent}/any:1")
        took_s = time.monotonic() - began_s

    assert error.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "no progress for 1 s" in error.message
    assert 1 <= took_s < 20


# Removals


def test_removal_by_one_name_takes_them_all(
    client: CriClient, dockerd: Dockerd, open_name: str
) -> None:
    image_id = client.pull_image(open_name)
    others = [f"{REPOSITORY}/second:2", f"{REPOSITORY}/third:3"]
    for other in others:
        dockerd.api.tag(image_id, *other.rsplit(":", 1))
    eventually(lambda: client.image_status(others[-1]))

    client.remove_image(others[0])

    assert [client.image_status(each) for each in (open_name, *others, image_id)] == [None] * 4
    assert image_id not in {each["Id"] for each in dockerd.api.images()}


def test_removal_is_idempotent(client: CriClient, open_name: str) -> None:
    image_id = client.pull_image(open_name)

    for name in (open_name, open_name, image_id, f"{REPOSITORY}/never-there:1"):
        client.remove_image(name)


def test_image_of_a_running_container_stays(client: CriClient, pods: Pods, open_name: str) -> None:
    client.pull_image(open_name)
    container = pods.run().start([], image=open_name)

    with pytest.raises(CriError, match=container.id) as error:
        client.remove_image(open_name)

    assert error.value.code is grpc.StatusCode.FAILED_PRECONDITION
    assert client.image_status(open_name) is not None
    client.stop_container(container.id)
    client.remove_image(open_name)
    assert client.image_status(open_name) is None
    assert container.status.image.image == open_name


@pytest.fixture
def child(client: CriClient, dockerd: Dockerd, open_name: str) -> Iterator[str]:
    """The name of an image that was made from a container of the pulled one."""
    client.pull_image(open_name)
    parent = dockerd.api.create_container(open_name)["Id"]
    dockerd.api.commit(parent, f"{REPOSITORY}/child", "1")
    dockerd.api.remove_container(parent)
    yield f"{REPOSITORY}/child:1"
    client.remove_image(f"{REPOSITORY}/child:1")


def test_image_that_another_was_made_from_loses_its_names(
    client: CriClient, dockerd: Dockerd, open_name: str, child: str
) -> None:
    """Docker keeps it without a name for as long as the other is there, and lists it no more."""
    image = client.image_status(open_name)
    assert image is not None
    dockerd.api.tag(image.id, f"{REPOSITORY}/second", "2")
    eventually(lambda: client.image_status(f"{REPOSITORY}/second:2"))

    client.remove_image(open_name)

    names = [*image.repo_tags, *image.repo_digests, f"{REPOSITORY}/second:2", image.id]
    assert [client.image_status(each) for each in names] == [None] * len(names)
    client.remove_image(image.id)
    client.remove_image(child)
    assert image.id not in {each["Id"] for each in dockerd.api.images(all=True)}


def test_image_of_a_foreign_running_container_keeps_its_names_when_another_was_made_from_it(
    client: CriClient, dockerd: Dockerd, open_name: str, child: str
) -> None:
    foreign = dockerd.api.create_container(open_name)["Id"]
    dockerd.api.start(foreign)

    with pytest.raises(CriError, match=foreign) as error:
        client.remove_image(open_name)

    assert error.value.code is grpc.StatusCode.FAILED_PRECONDITION
    assert client.image_status(open_name) is not None
    assert client.image_status(child) is not None
    dockerd.api.remove_container(foreign, force=True)


def test_image_of_a_foreign_running_container_stays(
    client: CriClient, dockerd: Dockerd, open_name: str
) -> None:
    client.pull_image(open_name)
    foreign = dockerd.api.create_container(open_name)["Id"]
    dockerd.api.start(foreign)

    with pytest.raises(CriError) as error:
        client.remove_image(open_name)

    assert error.value.code is grpc.StatusCode.FAILED_PRECONDITION
    image = client.image_status(open_name)
    assert image is not None
    assert list(image.repo_tags) == [open_name]
    dockerd.api.remove_container(foreign, force=True)
