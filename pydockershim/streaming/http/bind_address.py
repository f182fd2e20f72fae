"""The address that the server listens on, and the base URL that clients use.

COMPAT(cri-dockerd): `--streaming-bind-addr` takes `ip`, `ip:port`, `[ip6]:port` or `:port`. Unlike
cri-dockerd, the default is a free port of 127.0.0.1, not all interfaces.
"""

import ipaddress
from dataclasses import dataclass

from pydockershim.errors import InvalidArgument

_PORTS = range(65536)


@dataclass(frozen=True)
class BindAddress:
    """An address of this host; with port 0 the kernel chooses a free one."""

    host: str
    port: int

    def base_url(self, scheme: str, port: int) -> str:
        """Return the URL under which clients on this host reach the server on its actual port.

        COMPAT(kubelet >= 1.36): it must be absolute, with the scheme, and not a wildcard address.
        """
        address = ipaddress.ip_address(self.host)
        if address.is_unspecified:
            address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")  # noqa: PLR2004 -- IPv4
        host = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 -- IPv6
        return f"{scheme}://{host}:{port}"


def parse_bind_address(text: str) -> BindAddress:
    """Parse the flag; InvalidArgument if it is not an address."""
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
