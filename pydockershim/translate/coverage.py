"""CRI fields that are not supported: refused by name, never dropped silently.

- A field in a REFUSED table fails with Unsupported when its value asks for something.
- A field in an IGNORED table is accepted and has no effect, for the reason given there.
- Every other field is translated. A test walks the messages and fails on a field that is in none of
  the three groups, so a field of a newer CRI cannot be overlooked.
- An enum value that the CRI does not define is InvalidArgument, wherever it is.

Paths are those of the CRI: `mounts.image` here, `mounts[0].image` in an error.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import EngineFeatures
from pydockershim.errors import Unsupported
from pydockershim.translate import resources
from pydockershim.translate.checks import invalid

_CGROUP_V2 = 2


def _always(_value: Any, _features: EngineFeatures) -> bool:
    return True


@dataclass(frozen=True)
class Refusal:
    """Why a field is refused. `asks` says whether a value that is set asks for anything."""

    reason: str
    asks: Callable[[Any, EngineFeatures], bool] = _always


def _any_label_here(value: Message, features: EngineFeatures) -> bool:
    """Accept a label where there is no SELinux, so that it has no effect.

    COMPAT(kubelet): it sends the pod's label to all nodes, and containerd accepts it.
    """
    return features.selinux and bool(value.ListFields())


def _beyond_apparmor_default(value: cri.SecurityProfile, features: EngineFeatures) -> bool:
    no_confinement_anyway = (
        value.profile_type == cri.SecurityProfile.Unconfined and not features.apparmor
    )
    return value.profile_type != cri.SecurityProfile.RuntimeDefault and not no_confinement_anyway


def _beyond_apparmor_default_name(value: str, features: EngineFeatures) -> bool:
    return value != "runtime/default" and not (value == "unconfined" and not features.apparmor)


def _selinux_here(_value: bool, features: EngineFeatures) -> bool:  # noqa: FBT001  # the field itself
    return features.selinux


def _is_target(value: int, _features: EngineFeatures) -> bool:
    return value == cri.TARGET


def _beyond_kubelet_defaults(value: Mapping[str, str], features: EngineFeatures) -> bool:
    """Accept what a kubelet sends with each container, and only on cgroup v2.

    COMPAT(kubelet): `memory.oom.group` as "1", `memory.swap.max`, which is "0" unless the node
    offers swap, and `memory.high` as "max", which asks for nothing.
    """
    usual = {(resources.OOM_GROUP, "0"), (resources.OOM_GROUP, "1"), ("memory.high", "max")}
    others = {key for key, text in value.items() if (key, text) not in usual}
    return features.cgroup_version != _CGROUP_V2 or not others <= {resources.SWAP_MAX}


_APPARMOR = "AppArmor profiles are not supported yet; use the runtime default"
_SELINUX = "SELinux labels are not supported yet; leave them out"
_STRICT = "the Strict policy is not supported yet; use Merge"

REFUSED_OF_SANDBOX: Mapping[str, Refusal] = {
    "linux.security_context.selinux_options": Refusal(_SELINUX, _any_label_here),
    "linux.security_context.supplemental_groups_policy": Refusal(_STRICT),
    "linux.security_context.apparmor": Refusal(_APPARMOR, _beyond_apparmor_default),
}

IGNORED_OF_SANDBOX: Mapping[str, str] = {
    "windows": "this is not a Windows node",
    "linux.overhead": "for information: the kubelet sizes the pod's cgroup itself",
    "linux.resources": "for information: the kubelet sizes the pod's cgroup itself",
    "linux.security_context.namespace_options.target_id": "read only with pid mode TARGET",
}

REFUSED_OF_CONTAINER: Mapping[str, Refusal] = {
    "devices": Refusal("devices are not supported yet; leave them out"),
    "CDI_devices": Refusal("CDI devices are not supported yet; leave them out"),
    "stop_signal": Refusal("stop signals are not supported yet; set STOPSIGNAL in the image"),
    "mounts.image": Refusal("image volumes are not supported yet; use another kind of volume"),
    "mounts.image_sub_path": Refusal("image volumes are not supported yet; leave it out"),
    "mounts.recursive_read_only": Refusal(
        "recursive read-only mounts are not supported yet; use readonly"
    ),
    "mounts.mount_options": Refusal("mount options are not supported yet; leave them out"),
    "mounts.uidMappings": Refusal("id-mapped mounts are not supported by Docker; leave them out"),
    "mounts.gidMappings": Refusal("id-mapped mounts are not supported by Docker; leave them out"),
    "mounts.selinux_relabel": Refusal(
        "SELinux relabelling is not supported yet; label the volume yourself", _selinux_here
    ),
    "linux.resources.hugepage_limits.limit": Refusal(
        "huge pages are not supported yet; use a limit of 0"
    ),
    "linux.resources.unified": Refusal(
        "keys of cgroup v2 are not supported yet, except memory.oom.group and memory.swap.max "
        "on a node with cgroup v2; leave them out",
        _beyond_kubelet_defaults,
    ),
    "linux.security_context.capabilities.add_ambient_capabilities": Refusal(
        "Docker cannot set ambient capabilities; use add_capabilities"
    ),
    "linux.security_context.selinux_options": Refusal(_SELINUX, _any_label_here),
    "linux.security_context.supplemental_groups_policy": Refusal(_STRICT),
    "linux.security_context.apparmor": Refusal(_APPARMOR, _beyond_apparmor_default),
    "linux.security_context.apparmor_profile": Refusal(_APPARMOR, _beyond_apparmor_default_name),
    "linux.security_context.namespace_options.pid": Refusal(
        "joining another container's PID namespace is not supported yet; use pid mode POD",
        _is_target,
    ),
}

IGNORED_OF_CONTAINER: Mapping[str, str] = {
    "windows": "this is not a Windows node",
    "image.image_ref": "an output of the runtime, not an input",
    "linux.resources.hugepage_limits.page_size": "names a limit; a limit of 0 asks for nothing",
    "linux.security_context.namespace_options.network": "the sandbox decides on the network",
    "linux.security_context.namespace_options.target_id": "read only with pid mode TARGET",
}


def refuse_of_sandbox(config: cri.PodSandboxConfig, features: EngineFeatures) -> None:
    """Raise Unsupported for what a sandbox cannot have, naming the field."""
    _refuse(config, REFUSED_OF_SANDBOX, IGNORED_OF_SANDBOX, features=features)


def without_effect(config: cri.ContainerConfig, features: EngineFeatures) -> list[str]:
    """Return a sentence for each requested thing that has no effect on this node."""
    label = config.linux.security_context.selinux_options
    asked = config.linux.resources
    unified = asked.unified
    sentences = {
        "its SELinux label has no effect: Docker runs without SELinux on this node": (
            label.ListFields() and not features.selinux
        ),
        "memory.oom.group has no effect because Docker has no such setting: when memory runs out, "
        "one process may be killed while the others continue": (
            unified.get(resources.OOM_GROUP) == "1"
        ),
        "memory.swap.max has no effect because Docker limits swap only together with memory: the "
        "container may use all swap of its pod": (
            resources.SWAP_MAX in unified
            and unified[resources.SWAP_MAX] != "max"
            and not asked.memory_limit_in_bytes
        ),
    }
    return [sentence for sentence, holds in sentences.items() if holds]


def refuse_of_container(config: cri.ContainerConfig, features: EngineFeatures) -> None:
    """Raise Unsupported, with the field's name, for what a container cannot have."""
    _refuse(config, REFUSED_OF_CONTAINER, IGNORED_OF_CONTAINER, features=features)


def _refuse(
    config: Message,
    refused: Mapping[str, Refusal],
    ignored: Mapping[str, str],
    *,
    features: EngineFeatures,
) -> None:
    set_fields = list(_set_fields(config, ignored))
    for _, shown, field, value in set_fields:
        _check_enum(shown, field, value)
    for path, shown, _, value in set_fields:
        refusal = refused.get(path)
        if refusal and refusal.asks(value, features):
            raise Unsupported(f"{shown}: {refusal.reason}")


def _set_fields(
    message: Message, ignored: Mapping[str, str], *, path: str = "", shown: str = ""
) -> Iterator[tuple[str, str, FieldDescriptor, Any]]:
    """Yield each field that is set, at any depth, outer ones first; maps count as one value."""
    for field, value in message.ListFields():
        here, here_shown = path + field.name, shown + field.name
        if here in ignored:
            continue
        yield here, here_shown, field, value
        for index, inner in _messages(field, value):
            yield from _set_fields(inner, ignored, path=f"{here}.", shown=f"{here_shown}{index}.")


def _messages(field: FieldDescriptor, value: Any) -> list[tuple[str, Message]]:
    if field.message_type is None or field.message_type.GetOptions().map_entry:
        return []
    if field.is_repeated:
        return [(f"[{index}]", inner) for index, inner in enumerate(value)]
    return [("", value)]


def _check_enum(shown: str, field: FieldDescriptor, value: Any) -> None:
    if field.enum_type is not None and value not in field.enum_type.values_by_number:
        raise invalid(shown, f"{value} is not a valid {field.enum_type.name}")
