"""What is refused is refused by its name; what asks for nothing passes."""

import json
from contextlib import suppress

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import EngineFeatures
from pydockershim.errors import InvalidArgument, Unsupported
from pydockershim.translate import coverage
from tests.unit.translate.descriptors import enum_fields, fill, holder_of
from tests.unit.translate.engines import CGROUP_V2, DOCKER_28, HARDENED
from tests.unit.translate.translation import (
    container_config,
    sandbox_config,
    translated_container,
    translated_sandbox,
)

SANDBOX_ENUMS = [
    (path, enum)
    for path, enum in enum_fields(cri.PodSandboxConfig.DESCRIPTOR)
    if path.partition(".")[0] not in coverage.IGNORED_OF_SANDBOX
]
CONTAINER_ENUMS = [
    (path, enum)
    for path, enum in enum_fields(cri.ContainerConfig.DESCRIPTOR)
    if path not in coverage.IGNORED_OF_CONTAINER
]


@pytest.mark.parametrize("path", coverage.REFUSED_OF_SANDBOX)
def test_what_a_sandbox_cannot_have_is_refused_by_name(path: str) -> None:
    config = sandbox_config()
    holder, name, shown = holder_of(config, path)
    fill(holder, name)

    with pytest.raises(Unsupported) as refused:
        translated_sandbox(config, features=HARDENED)

    assert str(refused.value).startswith(f"{shown}: ")


@pytest.mark.parametrize("path", coverage.REFUSED_OF_CONTAINER)
def test_what_a_container_cannot_have_is_refused_by_name(path: str) -> None:
    config = container_config()
    holder, name, shown = holder_of(config, path)
    fill(holder, name)

    with pytest.raises(Unsupported) as refused:
        translated_container(config, sandbox_config(), features=HARDENED)

    assert str(refused.value).startswith(f"{shown}: ")


def test_a_refusal_says_which_of_several() -> None:
    config = container_config(
        'mounts { host_path: "/a" container_path: "/a" } '
        'mounts { container_path: "/b" readonly: true image { image: "data" } }'
    )

    with pytest.raises(Unsupported, match=r"^mounts\[1\]\.image: "):
        translated_container(config, sandbox_config())


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ('linux { resources { hugepage_limits { page_size: "2MB" limit: 0 } } }', DOCKER_28),
        ("linux { security_context { selinux_options {} } }", HARDENED),
        ('linux { security_context { selinux_options { level: "s0" } } }', DOCKER_28),
        ("linux { security_context { supplemental_groups_policy: Merge } }", DOCKER_28),
        ("linux { security_context { apparmor { profile_type: RuntimeDefault } } }", HARDENED),
        ('linux { security_context { apparmor_profile: "runtime/default" } }', HARDENED),
        ("linux { security_context { apparmor { profile_type: Unconfined } } }", DOCKER_28),
        ('linux { security_context { apparmor_profile: "unconfined" } }', DOCKER_28),
        (
            'mounts { host_path: "/a" container_path: "/a" selinux_relabel: true }',
            DOCKER_28,
        ),
        (
            """linux { resources {
                unified { key: "memory.oom.group" value: "1" }
                unified { key: "memory.swap.max" value: "0" }
            } }""",
            CGROUP_V2,
        ),
        (
            """linux { security_context {
                namespace_options { pid: CONTAINER userns_options { mode: NODE } }
            } }""",
            DOCKER_28,
        ),
    ],
)
def test_what_asks_for_nothing_passes(text: str, features: EngineFeatures) -> None:
    assert translated_container(container_config(text), sandbox_config(), features=features)


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ('linux { resources { unified { key: "memory.oom.group" value: "1" } } }', DOCKER_28),
        ('linux { resources { unified { key: "memory.high" value: "1" } } }', CGROUP_V2),
        ('linux { resources { unified { key: "memory.oom.group" value: "2" } } }', CGROUP_V2),
        ("linux { security_context { apparmor { profile_type: Unconfined } } }", HARDENED),
    ],
)
def test_what_the_node_would_have_to_do_is_refused(text: str, features: EngineFeatures) -> None:
    with pytest.raises(Unsupported):
        translated_container(container_config(text), sandbox_config(), features=features)


@pytest.mark.parametrize(
    ("path", "number"),
    [(path, value.number) for path, enum in SANDBOX_ENUMS for value in enum.values],
)
def test_every_enum_value_of_a_sandbox_is_translated_or_refused(path: str, number: int) -> None:
    config = sandbox_config()
    holder, name, _ = holder_of(config, path)
    setattr(holder, name, number)

    with suppress(InvalidArgument, Unsupported):
        json.dumps(translated_sandbox(config))


@pytest.mark.parametrize(
    ("path", "number"),
    [(path, value.number) for path, enum in CONTAINER_ENUMS for value in enum.values],
)
def test_every_enum_value_of_a_container_is_translated_or_refused(path: str, number: int) -> None:
    config = container_config()
    holder, name, _ = holder_of(config, path)
    setattr(holder, name, number)

    with suppress(InvalidArgument, Unsupported):
        json.dumps(translated_container(config, sandbox_config()))


@pytest.mark.parametrize("path", [path for path, _ in SANDBOX_ENUMS])
def test_an_enum_value_that_the_cri_does_not_define_is_invalid_in_a_sandbox(path: str) -> None:
    config = sandbox_config()
    holder, name, shown = holder_of(config, path)
    setattr(holder, name, 99)

    with pytest.raises(InvalidArgument) as invalid:
        translated_sandbox(config)

    assert str(invalid.value).startswith(f"{shown}: 99 is not a ")


@pytest.mark.parametrize("path", [path for path, _ in CONTAINER_ENUMS])
def test_an_enum_value_that_the_cri_does_not_define_is_invalid_in_a_container(path: str) -> None:
    config = container_config()
    holder, name, shown = holder_of(config, path)
    setattr(holder, name, 99)

    with pytest.raises(InvalidArgument) as invalid:
        translated_container(config, sandbox_config())

    assert str(invalid.value).startswith(f"{shown}: 99 is not a ")


@pytest.mark.parametrize("size", ["", "-1", "1e3", "9" * 30, "\u0663"])
@pytest.mark.parametrize("limit", [0, 64 * 1024 * 1024])
def test_swap_is_limited_to_a_size(size: str, limit: int) -> None:
    config = container_config(f"linux {{ resources {{ memory_limit_in_bytes: {limit} }} }}")
    config.linux.resources.unified["memory.swap.max"] = size

    with pytest.raises(InvalidArgument, match=r"unified\['memory.swap.max'\]"):
        translated_container(config, sandbox_config(), features=CGROUP_V2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('security_context { selinux_options { level: "s0" } }', ["label"]),
        ('resources { unified { key: "memory.oom.group" value: "1" } }', ["memory.oom.group"]),
        ('resources { unified { key: "memory.oom.group" value: "0" } }', []),
        ('resources { unified { key: "memory.swap.max" value: "0" } }', ["memory.swap.max"]),
        ('resources { unified { key: "memory.swap.max" value: "max" } }', []),
        (
            """resources {
                memory_limit_in_bytes: 67108864 unified { key: "memory.swap.max" value: "0" }
            }""",
            [],
        ),
    ],
)
def test_what_has_no_effect_is_said(text: str, words: list[str]) -> None:
    said = coverage.without_effect(container_config(f"linux {{ {text} }}"), CGROUP_V2)

    assert [sentence.partition(" has no effect")[0].split()[-1] for sentence in said] == words
