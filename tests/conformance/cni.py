"""The pod network by CNI: the standard plugins, and the configuration that most nodes have."""

import json
from pathlib import Path

from tests.bed import suites
from tests.conformance import node

# Debian's oldest, so that they run on any newer one.
_SUITE = "bookworm"
PLUGINS = suites.directory(_SUITE, "cni") / "usr/lib/cni"

_CONFIGURATION = {
    "cniVersion": "1.0.0",
    "name": "pods",
    "plugins": [
        {
            "type": "bridge",
            "bridge": "cni0",
            "isGateway": True,
            "ipMasq": True,
            "hairpinMode": True,
            "ipam": {
                "type": "host-local",
                "ranges": [[{"subnet": node.POD_SUBNET}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        },
        {"type": "portmap", "capabilities": {"portMappings": True}},
        {"type": "firewall"},
    ],
}


def prepare() -> None:
    """Unpack the plugins if they are not there yet."""
    suites.prepare(_SUITE, "cni", ["containernetworking-plugins"])


def configure() -> None:
    """Write the configuration to where runtimes look for it."""
    directory = Path("/etc/cni/net.d")
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "10-pods.conflist").write_text(json.dumps(_CONFIGURATION))
