"""A pod's resolv.conf: Docker's DNS fields, and the file itself where they do not suffice.

- `Dns`, `DnsSearch` and `DnsOptions` are set at create, in every network mode; the containers that
  join the sandbox share its file.
- No search domains: `DnsSearch` is `["."]`, else Docker uses the host's.
- Docker adds the host's servers or options where the CRI sends none, and filters servers on its own
  bridges. So the file is compared after the start, and rewritten in place if it differs.
- No DNS config, or an empty one: the node's own file, as Docker writes it.
"""

from ipaddress import ip_address

from pydockershim.api import runtime_v1 as cri
from pydockershim.translate.checks import invalid, plain_word

_NO_SEARCH = ["."]


def docker_dns(dns: cri.DNSConfig) -> dict[str, list[str]]:
    """Return the Dns* fields of `HostConfig`; none of them for the node's own file.

    InvalidArgument for a server that is not an address, or a word that could start a new line.
    """
    for index, server in enumerate(dns.servers):
        _check_server(f"dns_config.servers[{index}]", server)
    for name, words in (("searches", dns.searches), ("options", dns.options)):
        for index, word in enumerate(words):
            plain_word(f"dns_config.{name}[{index}]", word)
    if not _asks(dns):
        return {}
    return {
        "Dns": list(dns.servers),
        "DnsSearch": list(dns.searches) or _NO_SEARCH,
        "DnsOptions": list(dns.options),
    }


def resolv_conf(dns: cri.DNSConfig) -> bytes:
    """Return the file for exactly this DNS config, lines in the usual order."""
    lines = [f"nameserver {server}" for server in dns.servers]
    if dns.searches:
        lines.insert(0, f"search {' '.join(dns.searches)}")
    if dns.options:
        lines.append(f"options {' '.join(dns.options)}")
    return "".join(f"{line}\n" for line in lines).encode()


def says_the_same(text: str, dns: cri.DNSConfig) -> bool:
    """Say whether the content of a resolv.conf is equivalent to the DNS config.

    Order of lines and comments are ignored: COMPAT(dockerd >= 28) differs in both.
    """
    return not _asks(dns) or _parsed(text) == _parsed(resolv_conf(dns).decode())


def _asks(dns: cri.DNSConfig) -> bool:
    return bool(dns.servers or dns.searches or dns.options)


def _parsed(text: str) -> tuple[list[str], list[str], list[str]]:
    """Return servers, search domains (the last line counts) and options, as resolvers read them."""
    servers: list[str] = []
    searches: list[str] = []
    options: list[str] = []
    for line in text.splitlines():
        keyword, *words = line.split() or [""]
        if keyword == "nameserver":
            servers += words[:1]
        elif keyword in {"search", "domain"}:
            searches = words
        elif keyword == "options":
            options += words
    return servers, searches, sorted(options)


def _check_server(field: str, server: str) -> None:
    try:
        ip_address(server)
    except ValueError:
        raise invalid(
            field, f"{server!r} is not an IP address; use an IPv4 or IPv6 address"
        ) from None
