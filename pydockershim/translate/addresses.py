"""The addresses that Docker gave to a container.

COMPAT(dockerd >= 29): the fields beside `Networks` are gone, so they are not read.
"""

from ipaddress import ip_address

from pydockershim.dockerapi import ContainerInspect


def addresses(inspect: ContainerInspect) -> list[str]:
    """Return the addresses on Docker's networks, IPv4 before IPv6."""
    networks = (inspect["NetworkSettings"].get("Networks") or {}).values()
    found = [
        network[key]
        for network in networks
        for key in ("IPAddress", "GlobalIPv6Address")
        if network.get(key)
    ]
    return sorted(found, key=lambda address: ip_address(address).version)
