"""Every call of the engine room that is about images, against a real engine and registry."""

import base64
from contextlib import suppress

import pytest

from pydockershim import errors
from pydockershim.dockerapi import Json
from pydockershim.engine.auth import Credentials
from pydockershim.engine.engine import Engine
from tests.bed.dockerd import Dockerd
from tests.bed.images import BUSYBOX, STOP_SIGNAL, USER_BY_ID
from tests.bed.registry import Registry

pytestmark = [pytest.mark.engine, pytest.mark.store]


def pull(
    client: Engine, reference: str, credentials: Credentials | None = None, *, digest: str = ""
) -> list[Json]:
    repository, _, tag = reference.rpartition(":")
    records: list[Json] = []
    client.images.pull(
        repository=repository,
        tag=digest or tag,
        credentials=credentials,
        no_progress_s=10,
        on_progress=records.append,
    )
    return records


def remove(client: Engine, *references: str) -> None:
    for reference in references:
        with suppress(errors.NotFound):
            client.images.remove(reference, force=False)


def test_an_image_is_found_by_name_and_by_id(client: Engine) -> None:
    by_name = client.images.inspect(USER_BY_ID.name)
    by_id = client.images.inspect(by_name["Id"])

    assert by_name == by_id
    assert by_name["Id"] in {summary["Id"] for summary in client.images.list()}
    config = by_name["Config"]
    assert config
    assert config["User"] == "1000"


def test_an_unknown_image_is_not_found(client: Engine) -> None:
    with pytest.raises(errors.NotFound, match=r"no\.example/such:image"):
        client.images.inspect("no.example/such:image")
    with pytest.raises(errors.NotFound, match=r"no\.example/such:image"):
        client.images.remove("no.example/such:image", force=True)


def test_a_tag_goes_without_the_image(client: Engine, dockerd: Dockerd) -> None:
    dockerd.api.tag(BUSYBOX.name, "other.example/name", "2")
    tagged = client.images.inspect("other.example/name:2")

    client.images.remove("other.example/name:2", force=False)

    assert client.images.inspect(BUSYBOX.name)["Id"] == tagged["Id"]
    with pytest.raises(errors.NotFound):
        client.images.inspect("other.example/name:2")


def test_an_image_in_use_is_not_removed(client: Engine) -> None:
    image_id = client.images.inspect(BUSYBOX.name)["Id"]
    body = {"Image": image_id, "Cmd": ["sleep", "3600"]}
    container_id = client.containers.create(body, name="user").id
    client.containers.start(container_id)

    with pytest.raises(errors.FailedPrecondition, match="running container"):
        client.images.remove(image_id, force=True)

    client.containers.remove(container_id)


def test_a_saved_image_can_be_loaded(client: Engine, dockerd: Dockerd) -> None:
    saved = b"".join(dockerd.api.get_image(STOP_SIGNAL.name))
    before = client.images.inspect(STOP_SIGNAL.name)["Id"]
    client.images.remove(STOP_SIGNAL.name, force=False)

    client.images.load(saved)

    assert client.images.inspect(STOP_SIGNAL.name)["Id"] == before


def test_what_is_no_image_cannot_be_loaded(client: Engine) -> None:
    with pytest.raises(errors.Unknown, match="cannot load an image"):
        client.images.load(b"this is no tar archive" * 100)


def test_an_image_is_pulled_by_tag_and_by_digest(
    client: Engine, dockerd: Dockerd, registry: Registry
) -> None:
    reference = registry.push(dockerd, USER_BY_ID)
    repository = reference.rpartition(":")[0]

    assert pull(client, reference)
    pulled = client.images.inspect(reference)
    (named,) = (each for each in pulled["RepoDigests"] or [] if each.startswith(f"{repository}@"))
    digest = named.rpartition("@")[2]
    remove(client, reference, named)
    pull(client, reference, digest=digest)

    assert client.images.inspect(named)["Id"] == pulled["Id"]
    remove(client, reference, named)


def test_a_tag_that_the_registry_lacks_is_not_found(
    client: Engine, dockerd: Dockerd, registry: Registry
) -> None:
    reference = registry.push(dockerd, USER_BY_ID)

    with pytest.raises(errors.NotFound, match=r"user-by-id:1-not.*(manifest unknown|not found)"):
        pull(client, reference + "-not")
    with pytest.raises(errors.NotFound):
        pull(client, reference, digest=f"sha256:{'0' * 64}")


def test_a_registry_that_is_not_there_is_told_in_the_kubelets_words(client: Engine) -> None:
    with pytest.raises(errors.Unknown, match=r"^RegistryUnavailable: .*connection refused"):
        pull(client, "127.0.0.1:9/name:1")


def test_a_bad_reference_is_refused(client: Engine) -> None:
    with pytest.raises(errors.InvalidArgument, match="invalid reference format"):
        pull(client, "127.0.0.1:5000/UPPER:1")


@pytest.mark.parametrize("form", ["username", "auth"])
def test_a_private_registry_wants_the_right_credentials(
    client: Engine, dockerd: Dockerd, private_registry: Registry, form: str
) -> None:
    reference = private_registry.push(dockerd, USER_BY_ID)
    wrong = Credentials(username="tester", password=form)

    for refused in (None, wrong):
        with pytest.raises(errors.PermissionDenied):
            pull(client, reference, refused)
    pull(client, reference, credentials_of(private_registry, form))
    remove(client, reference)
    with pytest.raises(errors.PermissionDenied):
        pull(client, reference)  # nothing is left of the credentials


def credentials_of(registry: Registry, form: str) -> Credentials:
    username, password = registry.credentials["username"], registry.credentials["password"]
    if form == "username":
        return Credentials(username=username, password=password)
    return Credentials(auth=base64.b64encode(f"{username}:{password}\0".encode()).decode())
