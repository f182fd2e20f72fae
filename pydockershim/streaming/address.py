"""Where the server listens, and under which name it is reached.

COMPAT(cri-dockerd): `--streaming-bind-addr` takes `ip`, `ip:port`, `[ip6]:port` or `:port`. Other
than there, nothing given means 127.0.0.1 with a port of the kernel's choice, not all interfaces.
"""

import ipaddress
from dataclasses import dataclass

from pydockershim.errors import InvalidArgument

_PORTS = range(65536)


@dataclass(frozen=True)
class BindAddress:
    """An address of this host; port 0 lets the kernel choose."""

    host: str
    port: int

    def base_url(self, scheme: str, port: int) -> str:
        """Return how a client on this host reaches the server at its actual port.

        COMPAT(kubelet >= 1.36): it has to be absolute, with the scheme, and no wildcard.
        """
        address = ipaddress.ip_address(self.host)
        if address.is_unspecified:
            address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")  # noqa: PLR2004 -- IPv4
        host = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 -- IPv6
        return f"{scheme}://{host}:{port}"


def parse_bind_address(text: str) -> BindAddress:
    """Read the flag's value; InvalidArgument when it is no address."""
    if not text:
        return BindAddress("127.0.0.1", 0)
    try:
        return BindAddress(str(ipaddress.ip_address(text.strip("[]"))), 0)
    except ValueError:
        host, _, port = text.rpartition(":")
    try:
        address = ipaddress.ip_address(host.strip("[]") or "0.0.0.0")  # noqa: S104 -- asked for
    except ValueError:
        address = None
    if address is None or not port.isdecimal() or int(port) not in _PORTS:
        raise InvalidArgument(
            f"--streaming-bind-addr {text}: use an address of this host with or without a port, "
            "such as 127.0.0.1:10010"
        )
    return BindAddress(str(address), int(port))
