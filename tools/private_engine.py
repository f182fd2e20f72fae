"""A private Docker Engine that runs as long as the tool, and leaves nothing behind.

It has its own data, socket, bridge and cgroup, and does not change the machine's packet filter and
IP forwarding: its pods reach each other and this machine, hostPorts work (through Docker's proxy),
but pods cannot reach other networks.
"""

import ipaddress
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import docker
import docker.errors
import requests

from tools.background import SetupError, running
from tools.progress import Progress

_SUBNETS = tuple(ipaddress.ip_network(f"10.{second}.213.0/24") for second in (213, 113, 13))


@contextmanager
def private_engine(progress: Progress, home: Path) -> Iterator[str]:
    """Run an engine with its files in `home` until the body ends; yield its endpoint."""
    endpoint = f"unix://{home}/docker.sock"
    # An engine leaves its containers' parent cgroup behind, so it gets its own.
    unique = f"pydemo-{secrets.token_hex(4)}"
    command = [
        "dockerd",
        f"--host={endpoint}",
        f"--data-root={home}/data",
        f"--exec-root={home}/run",
        f"--pidfile={home}/pid",
        f"--bridge={unique}",
        "--iptables=false",
        "--ip6tables=false",
        "--ip-forward=false",
        "--exec-opt=native.cgroupdriver=cgroupfs",
        f"--cgroup-parent=/{unique}",
    ]
    home.mkdir()
    with ExitStack() as stack:
        stack.callback(_remove_cgroup, unique)
        stack.callback(_unmount_below, home)
        stack.enter_context(_bridge(unique))
        stack.enter_context(
            running(
                "the private Docker Engine",
                command,
                log=home / "dockerd.log",
                ready=lambda: answers(endpoint),
                progress=progress,
            )
        )
        yield endpoint


def answers(endpoint: str) -> bool:
    """Return whether an engine answers at this endpoint."""
    try:
        client = docker.APIClient(base_url=endpoint, timeout=5)
    except docker.errors.DockerException:
        return False
    with client:
        try:
            return bool(client.ping())
        except (docker.errors.DockerException, requests.RequestException):
            return False


@contextmanager
def _bridge(name: str) -> Iterator[None]:
    routes = subprocess.run(
        ["ip", "-4", "-oneline", "address"], capture_output=True, text=True, check=True
    ).stdout
    taken = [ipaddress.ip_interface(line.split()[3]).network for line in routes.splitlines()]
    free = [each for each in _SUBNETS if not any(each.overlaps(network) for network in taken)]
    if not free:
        raise SetupError("no free address range for a private bridge: start a Docker Engine")
    subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=True)
    try:
        address = f"{free[0][1]}/{free[0].prefixlen}"
        subprocess.run(["ip", "address", "add", address, "dev", name], check=True)
        subprocess.run(["ip", "link", "set", name, "up"], check=True)
        yield
    finally:
        subprocess.run(["ip", "link", "delete", name], check=True)


def _unmount_below(folder: Path) -> None:
    """Unmount what a killed engine has left mounted."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in reversed([mount for mount in mounts if mount.startswith(f"{folder}/")]):
        subprocess.run(["umount", "--lazy", mount], check=False)


def _remove_cgroup(name: str) -> None:
    root = Path("/sys/fs/cgroup")
    for parent in (root / name, *root.glob(f"*/{name}")):
        with suppress(FileNotFoundError):
            parent.rmdir()
