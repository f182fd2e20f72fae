"""Container names: Docker takes those that are built, and those of cri-dockerd are read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydockershim.errors import InvalidArgument
from pydockershim.labels import cri_dockerd, naming
from pydockershim.labels.cri_dockerd import ParsedName

DOCKER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
PARTS = st.from_regex(r"[a-zA-Z0-9.-]{1,12}", fullmatch=True)


@given(container=PARTS, pod=PARTS, namespace=PARTS, uid=PARTS, attempt=st.integers(0, 2**32 - 1))
def test_a_name_is_read_as_it_was_built(
    container: str, pod: str, namespace: str, uid: str, attempt: int
) -> None:
    name = naming.container_name(
        container=container, pod=pod, namespace=namespace, uid=uid, attempt=attempt
    )

    assert cri_dockerd.parse(name) == ParsedName(
        container=container, pod=pod, namespace=namespace, uid=uid, attempt=attempt
    )


@given(parts=st.lists(st.text(max_size=12), min_size=4, max_size=4))
def test_docker_takes_every_name_that_is_built(parts: list[str]) -> None:
    container, pod, namespace, uid = parts
    try:
        name = naming.container_name(
            container=container, pod=pod, namespace=namespace, uid=uid, attempt=0
        )
    except InvalidArgument:
        return
    assert DOCKER_NAME.fullmatch(name)


@pytest.mark.parametrize("bad", ["a/b", "a;b", "a=b", "a b", "a\nb", "a\0b", "ä", "a\n"])
def test_a_part_that_docker_cannot_carry_is_named(bad: str) -> None:
    with pytest.raises(InvalidArgument, match="pod name"):
        naming.sandbox_name(pod=bad, namespace="default", uid="uid-1", attempt=0)


def test_a_sandbox_in_the_making_has_a_suffix() -> None:
    name = naming.sandbox_name(pod="web", namespace="default", uid="uid-1", attempt=1)

    in_the_making = naming.setup_name(name)

    assert name == "k8s_POD_web_default_uid-1_1"
    assert naming.is_setup(in_the_making)
    assert not naming.is_setup(name)
    assert naming.without_setup(in_the_making) == naming.without_setup(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "web",
        "k8s_",
        "k8s_POD_web_default_uid-1",
        "k8s_POD_web_default_uid-1_x",
        "k8s_POD_web_default_uid-1_-1",
        "k8s_POD_web_default_uid-1_4294967296",
        "k8s_POD_web_default_uid-1_٣",
        "k8s_POD_web_x_default_uid-1_0",
    ],
)
def test_a_name_of_another_form_is_not_read(name: str) -> None:
    assert cri_dockerd.parse(name) is None


def test_the_suffix_that_cri_dockerd_adds_on_a_conflict_is_skipped() -> None:
    parsed = cri_dockerd.parse("k8s_app_web_default_uid-1_0_0123abcd")

    assert parsed == ParsedName(
        container="app", pod="web", namespace="default", uid="uid-1", attempt=0
    )
