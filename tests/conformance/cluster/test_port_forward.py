"""kubectl port-forward."""

import os
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

from tests.bed.dialogue import Dialogue
from tests.clients.exchange import exchange
from tests.conformance.cluster.conftest import ECHO_PORT
from tests.conformance.cluster.kubectl import Kubectl

MIB = 1024 * 1024
_CONNECTIONS = 100
_CLOSED_PORT = 9


@contextmanager
def _forwarding(kubectl: Kubectl, pod: str, port: int) -> Iterator[tuple[Dialogue, int]]:
    """Run kubectl; gives it and the local port."""
    with kubectl.start("port-forward", "--address=127.0.0.1", f"pod/{pod}", f":{port}") as forward:
        forward.wait_for(b" -> ")
        match = re.search(rb"127\.0\.0\.1:(\d+) -> ", forward.output)
        assert match, forward
        yield forward, int(match[1])


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def test_bytes_go_there_and_back(kubectl: Kubectl, shell: str) -> None:
    sent = os.urandom(8 * MIB)
    with _forwarding(kubectl, shell, ECHO_PORT) as (_, port), _connect(port) as connection:
        assert exchange(connection, sent) == sent


def test_many_connections_at_once(kubectl: Kubectl, shell: str) -> None:
    all_are_open = Barrier(_CONNECTIONS, timeout=60)

    def is_exact(port: int) -> bool:
        sent = os.urandom(65536)
        with _connect(port) as connection:
            connection.sendall(sent[:1])
            first = connection.recv(1)
            all_are_open.wait()
            return first + exchange(connection, sent[1:]) == sent

    with (
        _forwarding(kubectl, shell, ECHO_PORT) as (_, port),
        ThreadPoolExecutor(_CONNECTIONS) as pool,
    ):
        assert all(pool.map(is_exact, [port] * _CONNECTIONS))


def test_a_refused_port_is_told_and_ends_no_other_forward(kubectl: Kubectl, shell: str) -> None:
    with (
        _forwarding(kubectl, shell, ECHO_PORT) as (_, good),
        _forwarding(kubectl, shell, _CLOSED_PORT) as (forward, bad),
    ):
        with _connect(bad) as connection:
            assert connection.recv(1) == b""
        # COMPAT(kubectl): told of an error on one connection, it ends its whole session.
        assert forward.wait() == 1
        assert b"refused" in forward.errors
        with _connect(good) as connection:
            assert exchange(connection, b"still here") == b"still here"
