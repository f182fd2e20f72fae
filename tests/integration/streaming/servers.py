"""TCP servers in a pod's network namespace, each for one kind of behaviour.

`python -m tests.integration.streaming.servers` serves until its stdin ends; it says when it is
ready.
"""

import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ECHO, LATE, SOURCE, SINK, IPV6_ONLY, HASTY, DEAF, RUDE = range(7001, 7009)
SOURCE_BYTES = 32 * 1024 * 1024


@contextmanager
def serving(pid: int) -> Iterator[None]:
    """Run all servers in the network namespace of a process."""
    command = ["nsenter", "--net", f"--target={pid}", sys.executable, "-m", __name__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as servers:
        assert servers.stdout is not None
        assert servers.stdout.readline() == b"ready\n"
        yield


def _echo(link: socket.socket) -> None:
    while block := link.recv(65536):
        link.sendall(block)


def _late(link: socket.socket) -> None:
    question = b""
    while block := link.recv(65536):
        question += block
    time.sleep(5)
    link.sendall(question + b"answer\n")


def _source(link: socket.socket) -> None:
    for _ in range(SOURCE_BYTES // 65536):
        link.sendall(bytes(65536))


def _sink(link: socket.socket) -> None:
    count = 0
    while block := link.recv(65536):
        count += len(block)
    link.sendall(str(count).encode())


def _hasty(link: socket.socket) -> None:
    """Reset the connection in the middle."""
    link.recv(1)
    link.sendall(b"half of an answ")
    time.sleep(0.1)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _rude(link: socket.socket) -> None:
    """Answer in the middle of the question, and read no more of it: the kernel sends a reset."""
    link.recv(1)
    link.sendall(b"too large")


def _deaf(_link: socket.socket) -> None:
    time.sleep(60)


def _accept(server: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    while True:
        link, _ = server.accept()
        threading.Thread(target=_serve, args=(link, serve), daemon=True).start()


def _serve(link: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    with link, suppress(OSError):
        serve(link)


def main() -> None:
    """Serve on the loopback addresses."""
    behaviours = {
        ECHO: _echo,
        LATE: _late,
        SOURCE: _source,
        SINK: _sink,
        IPV6_ONLY: _echo,
        HASTY: _hasty,
        DEAF: _deaf,
        RUDE: _rude,
    }
    # Docker 20.10 turns IPv6 off in a container, even on its loopback interface.
    Path("/proc/sys/net/ipv6/conf/lo/disable_ipv6").write_text("0")
    for port, serve in behaviours.items():
        family, host = (
            (socket.AF_INET6, "::1") if port == IPV6_ONLY else (socket.AF_INET, "127.0.0.1")
        )
        server = socket.create_server((host, port), family=family, backlog=512)
        threading.Thread(target=_accept, args=(server, serve), daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
