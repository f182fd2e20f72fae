"""Image references, read as Docker reads them, and what the CRI is told of images."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import ImageInspect
from pydockershim.errors import InvalidArgument
from pydockershim.translate.image import (
    asked_image,
    canonical_names,
    cri_image,
    docker_credentials,
    image_info,
    image_ref,
    parse_reference,
)
from tests.unit.translate.engines import IMAGE

HEX = "0123456789abcdef" * 4
DIGEST = f"sha256:{HEX}"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("busybox:1.36", "docker.io/library/busybox:1.36"),
        ("docker.io/busybox", "docker.io/library/busybox:latest"),
        ("index.docker.io/library/busybox", "docker.io/library/busybox:latest"),
        ("team/app", "docker.io/team/app:latest"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000/app:v1", "localhost:5000/app:v1"),
        ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
        ("REGISTRY/app", "REGISTRY/app:latest"),
        ("[2001:db8::1]:5000/app", "[2001:db8::1]:5000/app:latest"),
        ("192.0.2.1:5000/a/b/c:x_y-z.1", "192.0.2.1:5000/a/b/c:x_y-z.1"),
        (f"busybox@{DIGEST}", f"docker.io/library/busybox@{DIGEST}"),
        (f"busybox:1.36@{DIGEST}", f"docker.io/library/busybox@{DIGEST}"),
        ("a__b/c-d.e_f", "docker.io/a__b/c-d.e_f:latest"),
        ("cafe", "docker.io/library/cafe:latest"),
        (DIGEST, DIGEST),
        (HEX, DIGEST),
        ("sha256:0123abcd", "sha256:0123abcd"),
    ],
)
def test_every_spelling_leads_to_one_name(text: str, canonical: str) -> None:
    reference = parse_reference(text)

    assert reference.canonical == canonical
    assert parse_reference(canonical).canonical == canonical


@pytest.mark.parametrize(
    ("text", "repository", "version"),
    [
        ("busybox", "docker.io/library/busybox", "latest"),
        ("localhost:5000/app:v1", "localhost:5000/app", "v1"),
        (f"team/app:v1@{DIGEST}", "docker.io/team/app", DIGEST),
    ],
)
def test_a_pull_names_a_repository_and_always_a_version(
    text: str, repository: str, version: str
) -> None:
    reference = parse_reference(text)

    assert (reference.repository, reference.version) == (repository, version)
    assert not reference.is_id


@pytest.mark.parametrize(
    ("text", "prefix", "only_an_id"),
    [
        (DIGEST, HEX, True),
        (HEX, HEX, True),
        ("sha256:0123", "0123", True),
        ("0123abcd4567", "0123abcd4567", False),
        ("cafe", "cafe", False),
        ("cafe:latest", "", False),
        ("busybox", "", False),
    ],
)
def test_what_may_be_the_beginning_of_an_id(text: str, prefix: str, *, only_an_id: bool) -> None:
    reference = parse_reference(text)

    assert (reference.id_prefix, reference.is_id) == (prefix, only_an_id)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "a/",
        "/a",
        "a//b",
        "Upper",
        "docker.io/Upper/case",
        "a:",
        "a:b:c",
        "a:b/c:d:e",
        "a@",
        "a@sha256:1234",
        f"a@sha256:{HEX.upper()}",
        f"a@{DIGEST}x",
        "a:-tag",
        f"a:{'t' * 129}",
        "a b",
        "a\nb",
        "a\n",
        "a:b\n",
        "a;b",
        "-a",
        "a_",
        "a..b/c",
        "../etc/passwd",
        "http://registry.example/a",
        "registry.example:port/a",
        "a" * 256,
        "ä",
    ],
)
def test_what_docker_cannot_read_is_invalid(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"^image "):
        parse_reference(text)


@given(text=st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        reference = parse_reference(text)
    except InvalidArgument:
        return
    assert parse_reference(reference.canonical).canonical == reference.canonical


@pytest.mark.parametrize(
    ("asked", "digest"),
    [
        ("registry.example/tools/busybox:1", f"registry.example/tools/busybox@sha256:{'b2' * 32}"),
        ("docker.io/library/busybox:1.36", f"busybox@sha256:{'b1' * 32}"),
        ("other.example/app", f"busybox@sha256:{'b1' * 32}"),
        (IMAGE["Id"], f"busybox@sha256:{'b1' * 32}"),
    ],
)
def test_an_image_ref_is_of_the_repository_that_was_asked_for(asked: str, digest: str) -> None:
    assert image_ref(cri.ImageSpec(image=asked), IMAGE) == digest
    by_id = cri.ImageSpec(image=IMAGE["Id"], user_specified_image=asked)
    assert image_ref(by_id, IMAGE) == digest
    assert asked_image(by_id) == asked


def test_an_image_without_digests_is_known_by_its_id() -> None:
    local = image(RepoDigests=None)

    assert image_ref(cri.ImageSpec(image="busybox:1.36"), local) == local["Id"]


def image(**changes: Any) -> ImageInspect:
    return {**IMAGE, **changes}  # type: ignore[typeddict-item]  # the changes are of its keys


@pytest.mark.parametrize(
    ("user", "uid", "username"),
    [
        ("", None, ""),
        ("0", 0, ""),
        ("1000:1000", 1000, ""),
        ("app", None, "app"),
        ("app:users", None, "app"),
        ("9" * 20, None, "9" * 20),
        ("9" * 5000, None, "9" * 5000),
        ("\u0663", None, "\u0663"),
    ],
)
def test_the_image_s_user_is_a_number_or_a_name(user: str, uid: int | None, username: str) -> None:
    told = cri_image(image(Config={"User": user}), pinned=False)

    assert (told.uid.value if told.HasField("uid") else None) == uid
    assert told.username == username


def test_placeholders_of_docker_are_no_names() -> None:
    untagged = image(RepoTags=["<none>:<none>"], RepoDigests=["<none>@<none>"], Size=0, Config=None)

    told = cri_image(untagged, pinned=True)

    assert told == cri.Image(
        id=untagged["Id"], size=1, spec=cri.ImageSpec(image=untagged["Id"]), pinned=True
    )
    assert canonical_names(untagged) == []


def test_all_names_of_an_image_lead_to_it() -> None:
    assert canonical_names(IMAGE) == [
        "docker.io/library/busybox:1.36",
        "registry.example/tools/busybox:1",
        f"docker.io/library/busybox@sha256:{'b1' * 32}",
        f"registry.example/tools/busybox@sha256:{'b2' * 32}",
    ]
    assert json.loads(image_info(IMAGE)["info"])["imageSpec"]["config"] == {"Cmd": ["sh"]}


def test_a_name_that_nobody_can_ask_for_does_no_harm() -> None:
    odd = image(RepoTags=["Upper:x", "busybox:1"], RepoDigests=["Upper@sha256:1"])

    assert canonical_names(odd) == ["docker.io/library/busybox:1"]
    assert image_ref(cri.ImageSpec(image="busybox:1"), odd) == "Upper@sha256:1"


def in_containerd_store(*tags: str, digests: list[str]) -> ImageInspect:
    """An image of containerd's store, where its id is its manifest's digest."""
    return image(Id=DIGEST, RepoTags=list(tags), RepoDigests=digests)


def test_a_digest_among_the_tags_is_told_as_a_digest() -> None:
    by_digest = in_containerd_store(f"busybox@{DIGEST}", digests=[f"busybox@{DIGEST}"])

    told = cri_image(by_digest, pinned=False)

    assert (list(told.repo_tags), list(told.repo_digests)) == ([], [f"busybox@{DIGEST}"])


def test_the_digest_of_containerds_store_holds_in_every_repository() -> None:
    """Docker lists the digest in one of them."""
    names = ("busybox:1", "busybox:2", "localhost:5000/mine:2", f"other.example/app@{DIGEST}")
    listed = in_containerd_store(*names, digests=[f"localhost:5000/mine@{DIGEST}"])

    told = cri_image(listed, pinned=False)

    repositories = ["localhost:5000/mine", "other.example/app", "busybox"]
    assert list(told.repo_tags) == list(names[:3])
    assert list(told.repo_digests) == [f"{each}@{DIGEST}" for each in repositories]
    assert f"docker.io/library/busybox@{DIGEST}" in canonical_names(listed)
    assert image_ref(cri.ImageSpec(image="busybox:2"), listed) == f"busybox@{DIGEST}"


def test_a_digest_of_dockers_own_store_holds_in_its_repository_alone() -> None:
    told = cri_image(image(RepoDigests=[f"busybox@{DIGEST}"]), pinned=False)

    assert list(told.repo_digests) == [f"busybox@{DIGEST}"]


def test_credentials_come_as_plain_data() -> None:
    auth = cri.AuthConfig(username="me", registry_token="t")  # noqa: S106  # a test's

    assert docker_credentials(auth) == {
        "username": "me",
        "registry_token": "t",
    }
