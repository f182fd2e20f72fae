"""The address that the server listens on, and the base URL that clients use."""

import ipaddress
from dataclasses import dataclass


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
