"""What a kubelet expects of its machine, made inside a session of the test bed.

Writes below /tmp and /var stay in the session, and so do the kernel settings that a kubelet
insists on: whatever lives on the machine, a kubelet included, neither sees the run nor is seen.
"""

import shutil
import subprocess
from pathlib import Path

from tests.bed import namespaces

NAME = "conformance-node"
ADDRESS = "10.214.0.1"
POD_SUBNET = "10.215.0.0/16"

# The state of the node, on the session's own tmpfs.
STATE = namespaces.PRIVATE / "node"

# Directories where a kubelet, CNI and the suites write, at paths that are fixed in them.
_WRITABLE = ("/tmp", "/var")
# A kubelet sets these, for the whole machine, unless it finds them so.
_KERNEL_SETTINGS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}


def prepare() -> None:
    """Make this session's mounts and network those of a node without pods."""
    if not namespaces.inside():
        raise SystemExit("The node is made inside a session of the test bed only.")
    for directory in _WRITABLE:
        overlay(Path(directory))
    for directory in ("/var/lib/kubelet", "/var/log/pods", "/var/log/containers", "/var/lib/cni"):
        _replace(Path(directory))
    for setting, value in _KERNEL_SETTINGS.items():
        _pretend(Path("/proc/sys") / setting, value)
    _hide_systemd_run()
    _connect()


def bind(source: Path, target: Path) -> None:
    """Let a directory or file appear at another path too."""
    subprocess.run(["mount", "--bind", source, target], check=True)


def overlay(directory: Path) -> None:
    """Keep what is written below a directory in the session."""
    layers = STATE / "overlay" / directory.name
    for name in ("upper", "work"):
        (layers / name).mkdir(parents=True)
    shutil.copystat(directory, layers / "upper")
    options = f"lowerdir={directory},upperdir={layers}/upper,workdir={layers}/work"
    subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", directory], check=True)


def _replace(directory: Path) -> None:
    """Put an empty directory in its place."""
    ours = STATE / "directories" / directory.relative_to("/")
    ours.mkdir(parents=True)
    directory.mkdir(parents=True, exist_ok=True)
    bind(ours, directory)


def _pretend(setting: Path, value: str) -> None:
    ours = STATE / "settings" / setting.name
    ours.parent.mkdir(exist_ok=True)
    ours.write_text(value)
    bind(ours, setting)


def _hide_systemd_run() -> None:
    """Leave nothing to execute there: the suite would start its kubelet through it."""
    path = shutil.which("systemd-run")
    if path:
        bind(Path("/dev/null"), Path(path))


def _connect() -> None:
    """Give the node an address, a default route to nowhere, and names that resolve to itself.

    A DNS query to the node's own address is refused at once, where the machine's nameserver, out of
    reach from here, would be waited for.
    """
    for command in (
        "ip link add node0 type veth peer name uplink0",
        "ip link set uplink0 up",
        f"ip address add {ADDRESS}/24 dev node0",
        "ip link set node0 up",
        "ip route add default via 10.214.0.254 dev node0",
    ):
        subprocess.run(command.split(), check=True)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    Path("/etc/resolv.conf").write_text(f"nameserver {ADDRESS}\n")
    with Path("/etc/hosts").open("a") as hosts:
        hosts.write(f"{ADDRESS} {NAME}\n")
