"""Host ports, where Docker publishes them.

- `ExposedPorts` and `PortBindings` need the same keys: Docker silently ignores a binding whose
  port is not exposed.
- Host port 0 means no host port. Several host ports may map to one container port.
- A host IP must be an address: for anything else Docker binds all of the host's.
"""

from collections.abc import Iterable
from ipaddress import ip_address

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import Json
from pydockershim.translate.checks import between, invalid

PROTOCOLS = {cri.TCP: "tcp", cri.UDP: "udp", cri.SCTP: "sctp"}
_LAST_PORT = 65535


def docker_port_bindings(mappings: Iterable[cri.PortMapping]) -> dict[str, list[Json]]:
    """Return `HostConfig.PortBindings`; its keys also go into `ExposedPorts`."""
    bindings: dict[str, list[Json]] = {}
    for index, mapping in enumerate(mappings):
        key, binding = _checked(f"port_mappings[{index}]", mapping)
        if mapping.host_port and binding not in bindings.setdefault(key, []):
            bindings[key].append(binding)
    return {key: bound for key, bound in bindings.items() if bound}


def _checked(field: str, mapping: cri.PortMapping) -> tuple[str, Json]:
    between(f"{field}.container_port", mapping.container_port, low=1, high=_LAST_PORT)
    between(f"{field}.host_port", mapping.host_port, low=0, high=_LAST_PORT)
    return (
        f"{mapping.container_port}/{PROTOCOLS[mapping.protocol]}",
        {"HostIp": _host_ip(field, mapping.host_ip), "HostPort": str(mapping.host_port)},
    )


def _host_ip(field: str, text: str) -> str:
    if not text:
        return ""
    try:
        return str(ip_address(text))
    except ValueError:
        raise invalid(
            f"{field}.host_ip", f"{text!r} is not an IP address; use one, or leave it empty for all"
        ) from None
