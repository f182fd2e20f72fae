"""Where the server listens, and under which name it is reached."""

import ipaddress
from dataclasses import dataclass


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
