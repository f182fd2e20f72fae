"""Every field of a pod's config is translated, refused, or ignored for a reason.

A field that a newer CRI brings is none of the three, and fails here.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.translate import coverage
from tests.unit.translate.descriptors import is_within, leaves
from tests.unit.translate.translation import (
    container_config,
    sandbox_config,
    translated_container,
    translated_sandbox,
)

# A value of each field that shows. Samples beside each other differ in the field that they are for,
# so no two translations may be alike.
SANDBOX_SAMPLES = {
    "metadata.name": 'metadata { name: "other" }',
    "metadata.uid": 'metadata { uid: "other" }',
    "metadata.namespace": 'metadata { namespace: "other" }',
    "metadata.attempt": "metadata { attempt: 1 }",
    "hostname": 'hostname: "web"',
    "log_directory": 'log_directory: "/var/log/pods/other"',
    "dns_config.servers": 'dns_config { servers: "10.96.0.10" }',
    "dns_config.searches": 'dns_config { searches: "cluster.local" }',
    "dns_config.options": 'dns_config { options: "ndots:5" }',
    "port_mappings.container_port": "port_mappings { container_port: 80 host_port: 8080 }",
    "port_mappings.host_port": "port_mappings { container_port: 80 host_port: 8081 }",
    "port_mappings.protocol": "port_mappings { container_port: 80 host_port: 8080 protocol: UDP }",
    "port_mappings.host_ip": (
        'port_mappings { container_port: 80 host_port: 8080 host_ip: "127.0.0.1" }'
    ),
    "labels": 'labels { key: "app" value: "web" }',
    "annotations": 'annotations { key: "note" value: "x" }',
    "linux.cgroup_parent": 'linux { cgroup_parent: "/kubepods/poduid-1" }',
    "linux.sysctls": 'linux { sysctls { key: "net.core.somaxconn" value: "1024" } }',
    "linux.security_context.namespace_options.network": (
        "linux { security_context { namespace_options { network: NODE } } }"
    ),
    "linux.security_context.namespace_options.pid": (
        "linux { security_context { namespace_options { pid: NODE } } }"
    ),
    "linux.security_context.namespace_options.ipc": (
        "linux { security_context { namespace_options { ipc: NODE } } }"
    ),
    "linux.security_context.run_as_user.value": (
        "linux { security_context { run_as_user { value: 0 } } }"
    ),
    "linux.security_context.run_as_group.value": (
        "linux { security_context { run_as_user { value: 0 } run_as_group { value: 5 } } }"
    ),
    "linux.security_context.readonly_rootfs": (
        "linux { security_context { readonly_rootfs: true } }"
    ),
    "linux.security_context.supplemental_groups": (
        "linux { security_context { supplemental_groups: 7 } }"
    ),
    "linux.security_context.privileged": "linux { security_context { privileged: true } }",
    "linux.security_context.seccomp.profile_type": (
        "linux { security_context { seccomp { profile_type: RuntimeDefault } } }"
    ),
    "linux.security_context.seccomp.localhost_ref": (
        "linux { security_context { seccomp { profile_type: Localhost "
        'localhost_ref: "/var/lib/kubelet/seccomp/a.json" } } }'
    ),
    "linux.security_context.seccomp_profile_path": (
        'linux { security_context { seccomp_profile_path: "localhost//srv/b.json" } }'
    ),
}
CONTAINER_SAMPLES = {
    "metadata.name": 'metadata { name: "other" }',
    "metadata.attempt": "metadata { attempt: 1 }",
    "image.image": 'image { image: "busybox" }',
    "image.annotations": 'image { annotations { key: "a" value: "b" } }',
    "image.user_specified_image": 'image { user_specified_image: "busybox" }',
    "image.runtime_handler": 'image { runtime_handler: "runc" }',
    "command": 'command: "sleep"',
    "args": 'args: "1d"',
    "working_dir": 'working_dir: "/srv"',
    "envs.key": 'envs { key: "A" }',
    "envs.value": 'envs { key: "A" value: "1" }',
    "mounts.host_path": 'mounts { host_path: "/srv" container_path: "/data" }',
    "mounts.container_path": 'mounts { host_path: "/srv" container_path: "/other" }',
    "mounts.readonly": 'mounts { host_path: "/srv" container_path: "/data" readonly: true }',
    "mounts.propagation": (
        'mounts { host_path: "/srv" container_path: "/data" '
        "propagation: PROPAGATION_BIDIRECTIONAL }"
    ),
    "labels": 'labels { key: "app" value: "web" }',
    "annotations": 'annotations { key: "note" value: "x" }',
    "log_path": 'log_path: "app/0.log"',
    "stdin": "stdin: true",
    "stdin_once": "stdin_once: true",
    "tty": "tty: true",
    "linux.resources.cpu_period": "linux { resources { cpu_period: 100000 } }",
    "linux.resources.cpu_quota": "linux { resources { cpu_quota: 50000 } }",
    "linux.resources.cpu_shares": "linux { resources { cpu_shares: 512 } }",
    "linux.resources.memory_limit_in_bytes": (
        "linux { resources { memory_limit_in_bytes: 67108864 } }"
    ),
    "linux.resources.oom_score_adj": "linux { resources { oom_score_adj: 500 } }",
    "linux.resources.cpuset_cpus": 'linux { resources { cpuset_cpus: "0-1" } }',
    "linux.resources.cpuset_mems": 'linux { resources { cpuset_mems: "0" } }',
    "linux.resources.memory_swap_limit_in_bytes": (
        "linux { resources { memory_limit_in_bytes: 67108864 "
        "memory_swap_limit_in_bytes: 77108864 } }"
    ),
    "linux.security_context.capabilities.add_capabilities": (
        'linux { security_context { capabilities { add_capabilities: "NET_ADMIN" } } }'
    ),
    "linux.security_context.capabilities.drop_capabilities": (
        'linux { security_context { capabilities { drop_capabilities: "ALL" } } }'
    ),
    "linux.security_context.privileged": "linux { security_context { privileged: true } }",
    "linux.security_context.namespace_options.pid": (
        "linux { security_context { namespace_options { pid: CONTAINER } } }"
    ),
    "linux.security_context.namespace_options.ipc": (
        "linux { security_context { namespace_options { ipc: NODE } } }"
    ),
    "linux.security_context.run_as_user.value": (
        "linux { security_context { run_as_user { value: 0 } } }"
    ),
    "linux.security_context.run_as_group.value": (
        "linux { security_context { run_as_user { value: 0 } run_as_group { value: 5 } } }"
    ),
    "linux.security_context.run_as_username": (
        'linux { security_context { run_as_username: "nobody" } }'
    ),
    "linux.security_context.readonly_rootfs": (
        "linux { security_context { readonly_rootfs: true } }"
    ),
    "linux.security_context.supplemental_groups": (
        "linux { security_context { supplemental_groups: 7 } }"
    ),
    "linux.security_context.no_new_privs": "linux { security_context { no_new_privs: true } }",
    "linux.security_context.masked_paths": (
        'linux { security_context { masked_paths: "/proc/kcore" } }'
    ),
    "linux.security_context.readonly_paths": (
        'linux { security_context { readonly_paths: "/proc/sys" } }'
    ),
    "linux.security_context.seccomp.profile_type": (
        "linux { security_context { seccomp { profile_type: RuntimeDefault } } }"
    ),
    "linux.security_context.seccomp.localhost_ref": (
        "linux { security_context { seccomp { profile_type: Localhost "
        'localhost_ref: "/var/lib/kubelet/seccomp/a.json" } } }'
    ),
    "linux.security_context.seccomp_profile_path": (
        'linux { security_context { seccomp_profile_path: "localhost//srv/b.json" } }'
    ),
}

# Docker has no user namespaces for a pod: `namespaces` takes the form that asks for none, checks
# the others, and refuses them.
CHECKED = {
    f"linux.security_context.namespace_options.userns_options.{name}"
    for name in (
        "mode",
        "uids.host_id",
        "uids.container_id",
        "uids.length",
        "gids.host_id",
        "gids.container_id",
        "gids.length",
    )
}


TABLES = pytest.mark.parametrize(
    ("message", "tables"),
    [
        pytest.param(
            cri.PodSandboxConfig,
            (
                SANDBOX_SAMPLES,
                coverage.REFUSED_OF_SANDBOX,
                coverage.IGNORED_OF_SANDBOX,
                CHECKED,
            ),
            id="sandbox",
        ),
        pytest.param(
            cri.ContainerConfig,
            (
                CONTAINER_SAMPLES,
                coverage.REFUSED_OF_CONTAINER,
                coverage.IGNORED_OF_CONTAINER,
                CHECKED,
            ),
            id="container",
        ),
    ],
)


@TABLES
def test_every_field_has_its_place(message: Any, tables: Iterable[Iterable[str]]) -> None:
    known = [entry for table in tables for entry in table]

    homeless = [path for path in leaves(message.DESCRIPTOR) if not is_within(path, known)]

    assert homeless == []


@TABLES
def test_no_table_names_a_field_that_is_gone(message: Any, tables: Iterable[Iterable[str]]) -> None:
    paths = list(leaves(message.DESCRIPTOR))

    gone = [
        entry
        for table in tables
        for entry in table
        if not any(is_within(path, [entry]) for path in paths)
    ]

    assert gone == []


def test_every_translated_field_of_a_sandbox_makes_a_difference() -> None:
    assert _alike(SANDBOX_SAMPLES, lambda text: translated_sandbox(sandbox_config(text))) == []


def test_every_translated_field_of_a_container_makes_a_difference() -> None:
    pod = sandbox_config("linux { security_context { privileged: true } }")

    def translated(text: str) -> Any:
        whole = translated_container(container_config(text), pod)
        # The digest of the config tells every two configs apart; the rest must, too.
        label = json.loads(whole["body"]["Labels"].pop("io.pydockershim.record"))
        return whole["body"], whole["record"] | {"config_digest": ""}, label | {"config_digest": ""}

    assert _alike(CONTAINER_SAMPLES, translated) == []


def _alike(samples: Mapping[str, str], translated: Callable[[str], Any]) -> list[tuple[str, str]]:
    """Return the pairs of samples that are translated to the same, the empty one among them."""
    seen: dict[str, str] = {}
    pairs = []
    for path, text in {"(nothing)": "", **samples}.items():
        as_json = json.dumps(translated(text), sort_keys=True)
        if as_json in seen:
            pairs.append((seen[as_json], path))
        seen[as_json] = path
    return pairs
