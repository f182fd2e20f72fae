"""One container of a manifest as the ContainerConfig that the kubelet would send.

- command, args: `$(NAME)` is replaced by an environment variable of the container, `$$` by `$`.
- env: literal values, in order; of a duplicate name, the last value counts.
- labels name the pod and the container; annotations carry the hash of name and image, the restart
  count, the termination message's path and policy, the pod's grace period, and the ports as JSON.
- The log goes to `<container>/<restart count>.log` below the pod's log directory.
- The image's id and its user are known only when it is present: `PlannedContainer.for_image`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.manifest.fields import Fields
from pydockershim.client.manifest.node import Node
from pydockershim.client.manifest.resources import Qos, Resources, cri_container_resources
from pydockershim.client.manifest.security import PodSecurity, read_container_security
from pydockershim.client.manifest.volumes import HostPath, Volume, read_mounts, termination_log
from pydockershim.errors import InvalidArgument

_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
_PROTOCOLS = {"TCP": cri.TCP, "UDP": cri.UDP, "SCTP": cri.SCTP}
_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")


@dataclass(frozen=True, kw_only=True)
class PodContext:
    """What a container needs to know of its pod."""

    name: str
    namespace: str
    uid: str
    folder: Path
    node: Node
    security: PodSecurity
    volumes: Mapping[str, Volume]
    qos: Qos
    grace_period_s: int

    @property
    def labels(self) -> dict[str, str]:
        """The labels that identify the pod of a sandbox or a container."""
        return {
            "io.kubernetes.pod.name": self.name,
            "io.kubernetes.pod.namespace": self.namespace,
            "io.kubernetes.pod.uid": self.uid,
        }

    @property
    def host_network(self) -> bool:
        """Whether the pod has the node's own network."""
        return self.security.namespaces.network == cri.NODE


@dataclass(frozen=True, kw_only=True)
class PlannedContainer:
    """A container to be created: its config as far as it is known without the image.

    `pull_policy` is `Always`, `IfNotPresent` or `Never`.
    """

    config: cri.ContainerConfig
    pull_policy: str
    non_root: bool
    port_mappings: tuple[cri.PortMapping, ...]
    host_paths: tuple[HostPath, ...]

    @property
    def name(self) -> str:
        """The container's name in its pod."""
        return self.config.metadata.name

    @property
    def image(self) -> str:
        """The image as the manifest names it."""
        return self.config.image.user_specified_image

    def for_image(self, image: cri.Image) -> cri.ContainerConfig:
        """Return the config with what depends on the image: its id, and its user if unset.

        InvalidArgument when the container must not run as root and would, or may.
        """
        config = cri.ContainerConfig()
        config.CopyFrom(self.config)
        config.image.image = image.id
        context = config.linux.security_context
        if not context.HasField("run_as_user"):
            if image.username and not image.HasField("uid"):
                context.run_as_username = image.username
            else:
                context.run_as_user.value = image.uid.value
        if self.non_root and not context.run_as_user.value:
            raise InvalidArgument(
                f"container {self.name}: runAsNonRoot is set, but {self.image} runs as root or as "
                "a user without a numeric id; set runAsUser"
            )
        return config


def read_container(fields: Fields, pod: PodContext, resources: Resources) -> PlannedContainer:
    """Read one container, except its `resources`, which the pod has read before."""
    name, image = fields.required("name"), fields.required("image")
    env = _read_env(fields)
    ports = [_read_port(port, host_network=pod.host_network) for port in fields.sections("ports")]
    mounts, host_paths = read_mounts(fields, pod.volumes)
    message_path = fields.text("terminationMessagePath", "/dev/termination-log")
    message_mount, message_file = termination_log(name, message_path, pod.folder)
    security, non_root = read_container_security(fields, pod.security, pod.node)
    config = cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name=name),
        image=cri.ImageSpec(image=image, user_specified_image=image),
        command=[_expand(word, env) for word in fields.texts("command")],
        args=[_expand(word, env) for word in fields.texts("args")],
        working_dir=fields.text("workingDir"),
        envs=[cri.KeyValue(key=key, value=value.encode()) for key, value in env.items()],
        mounts=[*mounts, message_mount],
        labels={**pod.labels, "io.kubernetes.container.name": name},
        annotations={
            "io.kubernetes.container.hash": _hash(name=name, image=image),
            "io.kubernetes.container.restartCount": "0",
            "io.kubernetes.container.terminationMessagePath": message_path,
            "io.kubernetes.container.terminationMessagePolicy": fields.word(
                "terminationMessagePolicy", _MESSAGE_POLICIES, "File"
            ),
            "io.kubernetes.pod.terminationGracePeriod": str(pod.grace_period_s),
            **_ports_annotation(ports),
        },
        log_path=f"{name}/0.log",
        stdin=bool(fields.flag("stdin")),
        stdin_once=bool(fields.flag("stdinOnce")),
        tty=bool(fields.flag("tty")),
        linux=cri.LinuxContainerConfig(
            resources=cri_container_resources(resources, qos=pod.qos, node=pod.node),
            security_context=security,
        ),
    )
    return PlannedContainer(
        config=config,
        pull_policy=fields.word("imagePullPolicy", _PULL_POLICIES, _default_policy(image)),
        non_root=non_root,
        port_mappings=tuple(_cri_port_mapping(port) for port in ports),
        host_paths=(*host_paths, message_file),
    )


def _read_env(fields: Fields) -> dict[str, str]:
    """Read `env`; a value may refer to the variables before it."""
    env: dict[str, str] = {}
    for variable in fields.sections("env"):
        env[variable.required("name")] = _expand(variable.text("value"), env)
    return env


def _expand(text: str, env: Mapping[str, str]) -> str:
    """Replace `$(NAME)` by the variable; an unknown name stays as it is."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        return "$" if name is None else env.get(name, match.group())

    return _REFERENCE.sub(value, text)


def _read_port(fields: Fields, *, host_network: bool) -> dict[str, str | int]:
    """Return a port as the API names its fields, in the API's order, without unset ones."""
    container_port = fields.integer("containerPort")
    if not container_port:
        raise InvalidArgument(f"{fields.where('containerPort')} is missing")
    # On the host's network a container's port is a host port, set or not.
    host_port = fields.integer("hostPort") or (container_port if host_network else 0)
    port: dict[str, str | int] = {
        "name": fields.text("name"),
        "hostPort": host_port,
        "containerPort": container_port,
        "protocol": fields.word("protocol", _PROTOCOLS, "TCP"),
        "hostIP": fields.text("hostIP"),
    }
    return {key: value for key, value in port.items() if value}


def _ports_annotation(ports: list[dict[str, str | int]]) -> dict[str, str]:
    if not ports:
        return {}
    return {"io.kubernetes.container.ports": json.dumps(ports, separators=(",", ":"))}


def _cri_port_mapping(port: Mapping[str, str | int]) -> cri.PortMapping:
    return cri.PortMapping(
        protocol=_PROTOCOLS[str(port["protocol"])],
        container_port=int(port["containerPort"]),
        host_port=int(port.get("hostPort", 0)),
        host_ip=str(port.get("hostIP", "")),
    )


def _default_policy(image: str) -> str:
    """Return when to pull an image of this reference: always, if its tag is `latest` or none."""
    reference, _, digest = image.partition("@")
    _, _, tag = reference.rpartition("/")[2].partition(":")
    return "Always" if not digest and tag in {"", "latest"} else "IfNotPresent"


def _hash(*, name: str, image: str) -> str:
    """Return the kubelet's hash of a container, by which it sees that the manifest has changed.

    COMPAT(kubelet): 32 bits of FNV-1a over Go's notation of the bytes of a JSON object.
    """
    content = json.dumps({"image": image, "name": name}, separators=(",", ":")).encode()
    value = 0x811C9DC5
    for byte in f"([]uint8)[{' '.join(map(str, content))}]".encode():
        value = (value ^ byte) * 0x01000193 % 2**32
    return f"{value:x}"
