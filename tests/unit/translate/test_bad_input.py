"""Each bad value is refused with the right kind of error, under its field's name."""

import pytest

from pydockershim.dockerapi import EngineFeatures
from pydockershim.errors import FailedPrecondition, InvalidArgument, ShimError, Unsupported
from tests.unit.translate.engines import CGROUP_V2, DOCKER_28, HARDENED
from tests.unit.translate.translation import (
    container_config,
    sandbox_config,
    translated_container,
    translated_sandbox,
)

CONTEXT = "linux.security_context"

# The bad part of a sandbox's config, and the field that the error must begin with.
SANDBOXES = [
    ('metadata { name: "a/b" }', "the pod name"),
    ('metadata { namespace: "a;b" }', "the namespace"),
    ('metadata { uid: "a=b" }', "the uid"),
    ('metadata { name: "a\\nb" }', "the pod name"),
    ('hostname: "a b"', "hostname"),
    ('hostname: "a\\nb"', "hostname"),
    (f'hostname: "{"h" * 65}"', "hostname"),
    ('log_directory: "var/log"', "log_directory"),
    ('log_directory: "/var/log/../../etc"', "log_directory"),
    ('log_directory: "/var/log\\000x"', "log_directory"),
    ('dns_config { servers: "dns.example.org" }', "dns_config.servers[0]"),
    ('dns_config { servers: "192.0.2.1\\noptions x" }', "dns_config.servers[0]"),
    ('dns_config { servers: "" }', "dns_config.servers[0]"),
    ('dns_config { searches: "a" searches: "b\\nnameserver x" }', "dns_config.searches[1]"),
    ('dns_config { searches: "a b" }', "dns_config.searches[0]"),
    ('dns_config { options: "" }', "dns_config.options[0]"),
    ("port_mappings { host_port: 80 }", "port_mappings[0].container_port"),
    ("port_mappings { container_port: 65536 }", "port_mappings[0].container_port"),
    ("port_mappings { container_port: 80 host_port: 99999 }", "port_mappings[0].host_port"),
    ("port_mappings { container_port: 80 host_port: -1 }", "port_mappings[0].host_port"),
    (
        'port_mappings { container_port: 80 host_port: 80 host_ip: "bad" }',
        "port_mappings[0].host_ip",
    ),
    ('linux { cgroup_parent: "kubepods/x" }', "linux.cgroup_parent"),
    ('linux { cgroup_parent: "/kubepods/../../x" }', "linux.cgroup_parent"),
    ('linux { cgroup_parent: "/" }', "linux.cgroup_parent"),
    ('linux { cgroup_parent: "//" }', "linux.cgroup_parent"),
    ('linux { cgroup_parent: "/kubepods\\n" }', "linux.cgroup_parent"),
    ('linux { cgroup_parent: "/kubepods.slice/kubepods-x.slice" }', "linux.cgroup_parent"),
    ('linux { sysctls { key: "kernel.core_pattern" value: "x" } }', "linux.sysctls"),
    ('linux { sysctls { key: "kernel.shm_rmid_forced" value: "1\\nx" } }', "linux.sysctls"),
    ('linux { sysctls { key: "net.core.somaxconn=1" value: "x" } }', "linux.sysctls"),
    ('linux { sysctls { key: "net/../kernel/x" value: "x" } }', "linux.sysctls"),
    ('linux { sysctls { key: "" value: "x" } }', "linux.sysctls"),
    (
        (
            'linux { sysctls { key: "net.core.somaxconn" value: "1" } '
            "security_context { namespace_options { network: NODE } } }"
        ),
        "linux.sysctls",
    ),
    (
        (
            'linux { sysctls { key: "kernel.msgmax" value: "1" } '
            "security_context { namespace_options { ipc: NODE } } }"
        ),
        "linux.sysctls",
    ),
    (
        "linux { security_context { namespace_options { pid: TARGET } } }",
        f"{CONTEXT}.namespace_options.pid",
    ),
    (
        "linux { security_context { run_as_group { value: 1 } } }",
        f"{CONTEXT}.run_as_group",
    ),
    (
        "linux { security_context { run_as_user { value: 4294967296 } } }",
        f"{CONTEXT}.run_as_user",
    ),
    (
        "linux { security_context { supplemental_groups: -1 } }",
        f"{CONTEXT}.supplemental_groups[0]",
    ),
    (
        'linux { security_context { seccomp_profile_path: "strict" } }',
        f"{CONTEXT}.seccomp_profile_path",
    ),
    (
        "linux { security_context { namespace_options { userns_options {} } } }",
        f"{CONTEXT}.namespace_options.userns_options.uids",
    ),
    (
        "linux { security_context { namespace_options { userns_options { mode: TARGET } } } }",
        f"{CONTEXT}.namespace_options.userns_options.mode",
    ),
    (
        (
            "linux { security_context { namespace_options "
            "{ userns_options { mode: NODE uids { length: 1 } } } } }"
        ),
        f"{CONTEXT}.namespace_options.userns_options",
    ),
]

CONTAINERS = [
    ('metadata { name: "a/b" }', "the container name"),
    ('metadata { name: "POD" }', "metadata.name"),
    ('command: ""', "command[0]"),
    ('args: "a" args: "b\\000c"', "args[1]"),
    ('envs { value: "x" }', "envs[0].key"),
    ('envs { key: "A=B" value: "x" }', "envs[0].key"),
    ('envs { key: "A\\000" value: "x" }', "envs[0].key"),
    ('envs { key: "A" value: "\\377" }', "envs['A'].value"),
    ('envs { key: "A" value: "x\\000y" }', "envs['A'].value"),
    ('envs { key: "HOME" value: "/root\\nx::0:0::/:/bin/sh" }', "envs['HOME'].value"),
    ('working_dir: "srv"', "working_dir"),
    ('working_dir: "/proc/self/fd/8"', "working_dir"),
    ('working_dir: "/proc/../proc/1/fd"', "working_dir"),
    ('working_dir: "/proc/self/fd/8/../../.."', "working_dir"),
    ('working_dir: "/.//./proc/././self/task/1//fd/8/../.."', "working_dir"),
    ('mounts { host_path: "/a" container_path: "data" }', "mounts[0].container_path"),
    ('mounts { host_path: "/a" container_path: "" }', "mounts[0].container_path"),
    ('mounts { host_path: "/a" container_path: "/." }', "mounts[0].container_path"),
    ('mounts { host_path: "a" container_path: "/data" }', "mounts[0].host_path"),
    ('mounts { container_path: "/data" }', "mounts[0].host_path"),
    ('mounts { host_path: "/a\\000b" container_path: "/data" }', "mounts[0].host_path"),
    (
        (
            'mounts { host_path: "/a" container_path: "/data" } '
            'mounts { host_path: "/b" container_path: "/x/../data/" }'
        ),
        "mounts[1].container_path",
    ),
    ('log_path: "../x"', "log_path"),
    ('log_path: "a/../../b"', "log_path"),
    ('log_path: "/etc/cron.d/x"', "log_path"),
    ('log_path: "a\\000b"', "log_path"),
    ('image { runtime_handler: "kata" }', "image.runtime_handler"),
    ('image { user_specified_image: "Not An Image" }', "image 'Not An Image'"),
    ("linux { resources { cpu_period: -1 } }", "linux.resources.cpu_period"),
    ("linux { resources { cpu_quota: -2 } }", "linux.resources.cpu_quota"),
    ("linux { resources { cpu_shares: -1 } }", "linux.resources.cpu_shares"),
    ("linux { resources { oom_score_adj: 1001 } }", "linux.resources.oom_score_adj"),
    (
        "linux { resources { memory_limit_in_bytes: -1 } }",
        "linux.resources.memory_limit_in_bytes",
    ),
    (
        "linux { resources { memory_limit_in_bytes: 6291455 } }",
        "linux.resources.memory_limit_in_bytes",
    ),
    (
        "linux { resources { memory_swap_limit_in_bytes: 6291456 } }",
        "linux.resources.memory_swap_limit_in_bytes",
    ),
    (
        (
            "linux { resources { memory_limit_in_bytes: 6291457 "
            "memory_swap_limit_in_bytes: 6291456 } }"
        ),
        "linux.resources.memory_swap_limit_in_bytes",
    ),
    (
        'linux { security_context { run_as_user { value: 1 } run_as_username: "root" } }',
        f"{CONTEXT}.run_as_username",
    ),
    (
        "linux { security_context { run_as_group { value: 1 } } }",
        f"{CONTEXT}.run_as_group",
    ),
    (
        "linux { security_context { run_as_user { value: 2147483648 } } }",
        f"{CONTEXT}.run_as_user",
    ),
    ("linux { security_context { run_as_user { value: -1 } } }", f"{CONTEXT}.run_as_user"),
    (
        "linux { security_context { run_as_user {} run_as_group { value: 4294967295 } } }",
        f"{CONTEXT}.run_as_group",
    ),
    (
        'linux { security_context { run_as_username: "0:0" } }',
        f"{CONTEXT}.run_as_username",
    ),
    (
        'linux { security_context { run_as_username: "a\\nb" } }',
        f"{CONTEXT}.run_as_username",
    ),
    (
        'linux { security_context { capabilities { add_capabilities: "NET ADMIN" } } }',
        f"{CONTEXT}.capabilities.add_capabilities[0]",
    ),
    (
        'linux { security_context { masked_paths: "proc/kcore" } }',
        f"{CONTEXT}.masked_paths[0]",
    ),
    (
        'linux { security_context { seccomp { localhost_ref: "/x" } } }',
        f"{CONTEXT}.seccomp.localhost_ref",
    ),
    (
        "linux { security_context { seccomp { profile_type: Localhost } } }",
        f"{CONTEXT}.seccomp.localhost_ref",
    ),
    (
        (
            "linux { security_context { seccomp "
            '{ profile_type: Localhost localhost_ref: "localhost/../../etc/shadow" } } }'
        ),
        f"{CONTEXT}.seccomp.localhost_ref",
    ),
    (
        (
            "linux { security_context { seccomp "
            '{ profile_type: Localhost localhost_ref: "/srv/../etc/shadow" } } }'
        ),
        f"{CONTEXT}.seccomp.localhost_ref",
    ),
    (
        "linux { security_context { namespace_options { ipc: TARGET } } }",
        f"{CONTEXT}.namespace_options.ipc",
    ),
]


@pytest.mark.parametrize(("text", "field"), SANDBOXES)
def test_a_bad_sandbox_is_invalid(text: str, field: str) -> None:
    with pytest.raises(InvalidArgument) as invalid:
        translated_sandbox(sandbox_config(text))

    assert str(invalid.value).startswith(field)


@pytest.mark.parametrize(("text", "field"), CONTAINERS)
def test_a_bad_container_is_invalid(text: str, field: str) -> None:
    with pytest.raises(InvalidArgument) as invalid:
        translated_container(container_config(text), sandbox_config())

    assert str(invalid.value).startswith(field)


@pytest.mark.parametrize("name", ["name", "namespace", "uid"])
def test_a_sandbox_without_a_part_of_its_identity_is_invalid(name: str) -> None:
    config = sandbox_config()
    config.metadata.ClearField(name)

    with pytest.raises(InvalidArgument, match=f"^metadata.{name}: "):
        translated_sandbox(config)


def test_a_container_without_a_name_is_invalid() -> None:
    config = container_config()
    config.ClearField("metadata")

    with pytest.raises(InvalidArgument, match=r"^metadata\.name: "):
        translated_container(config, sandbox_config())


def test_an_unknown_runtime_handler_is_invalid_and_the_known_ones_are_named() -> None:
    with pytest.raises(InvalidArgument, match=r"^runtime_handler: .*'kata'.*runc"):
        translated_sandbox(sandbox_config(), handler="kata")


@pytest.mark.parametrize(
    ("text", "features", "kind"),
    [
        ('linux { cgroup_parent: "/kubepods/podx" }', CGROUP_V2, InvalidArgument),
        (
            """linux { security_context { namespace_options { userns_options {
                uids { host_id: 65536 length: 65536 } gids { host_id: 65536 length: 65536 }
            } } } }""",
            DOCKER_28,
            Unsupported,
        ),
    ],
)
def test_what_depends_on_the_node_is_refused(
    text: str, features: EngineFeatures, kind: type[ShimError]
) -> None:
    with pytest.raises(kind):
        translated_sandbox(sandbox_config(text), features=features)


def test_a_privileged_container_needs_a_privileged_sandbox() -> None:
    config = container_config("linux { security_context { privileged: true } }")

    with pytest.raises(FailedPrecondition, match=r"^linux\.security_context\.privileged: "):
        translated_container(config, sandbox_config())


def test_no_error_quotes_the_value_of_a_variable() -> None:
    for value in ("S3cr3t\\\\000", "S3cr3t\\\\377"):
        config = container_config(
            f'envs {{ key: "PASSWORD" value: "{value}" }}'.replace("\\\\", "\\")
        )
        with pytest.raises(InvalidArgument) as invalid:
            translated_container(config, sandbox_config(), features=HARDENED)
        assert "S3cr3t" not in str(invalid.value)
