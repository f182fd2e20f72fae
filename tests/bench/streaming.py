"""How fast exec, attach and port-forward carry bytes, beside Docker's client and socat.

Run by `make bench`. Whatever is compared has the same process in the container, the same reader or
writer here, and the same number of processes in between: `docker exec` with one socat hop, or one
socat for a forwarded port. Bytes are counted, not looked at; that they are the right ones is a
test's business.
"""

import socket
import struct
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from pydockershim.engine.engine import Engine
from tests.bed.images import BUSYBOX
from tests.bench import programs
from tests.bench.rows import Bench, Row, median, pss_mib
from tests.clients.portforward import PortForward
from tests.clients.remotecommand import SpdyCommand, WebSocketCommand, read_to_end
from tests.clients.websocket import frame

MIB = 1024 * 1024
_SIZE = 1024 * MIB
_BLOCK = 256 * 1024
_ROUNDS = 3
_SESSIONS, _OPENERS = 500, 20
_STALLED = 40
_SOCAT = ("socat", "-b", str(_BLOCK))
_SOURCE_PORT, _SINK_PORT = 7001, 7002

# In the pod's network namespace: one port gives a GiB, the other takes it and says so.
_SERVERS = f"""
import socket, threading
def source(link):
    for _ in range({_SIZE // _BLOCK}): link.sendall(bytes({_BLOCK}))
def sink(link):
    buffer = bytearray({_BLOCK})
    while link.recv_into(buffer): pass
    link.sendall(b"done")
def accept(server, serve):
    while True:
        with server.accept()[0] as link: serve(link)
for port, serve in ({_SOURCE_PORT}, source), ({_SINK_PORT}, sink):
    server = socket.create_server(("127.0.0.1", port))
    threading.Thread(target=accept, args=(server, serve), daemon=True).start()
print("ready", flush=True)
input()
"""


class Pod:
    """A pod to stream with, and what clients ask for."""

    def __init__(self, bench: Bench, client: CriClient) -> None:
        self._client = client
        self.config = cri.PodSandboxConfig(
            metadata=cri.PodSandboxMetadata(name="bench", namespace="bench", uid=uuid.uuid4().hex)
        )
        self.id = client.run_pod_sandbox(self.config)
        container = cri.ContainerConfig(
            metadata=cri.ContainerMetadata(name="main"),
            image=cri.ImageSpec(image=BUSYBOX.name),
            command=["sleep", "3600"],
        )
        self.container_id = client.create_container(self.id, container, self.config)
        client.start_container(self.container_id)
        inspect = bench.dockerd.api.inspect_container(self.id)
        self.pid: int = inspect["State"]["Pid"]

    def remove(self) -> None:
        """Remove it."""
        self._client.stop_pod_sandbox(self.id)
        self._client.remove_pod_sandbox(self.id)

    def exec_url(self, *command: str, stdin: bool = False) -> str:
        """Return where to run a command."""
        request = cri.ExecRequest(
            container_id=self.container_id, cmd=command, stdin=stdin, stdout=True
        )
        return self._client.call(request, cri.ExecResponse).url

    def port_forward_url(self) -> str:
        """Return where to reach its ports."""
        request = cri.PortForwardRequest(pod_sandbox_id=self.id)
        return self._client.call(request, cri.PortForwardResponse).url


def rows(bench: Bench) -> Iterator[Row]:
    """Yield the rows."""
    with CriClient(bench.shim.url) as client:
        pod = Pod(bench, client)
        try:
            yield from _exec_rows(bench, pod)
            yield from _port_forward_rows(pod)
            yield from _session_rows(bench, pod)
            yield from _stalled_rows(bench, pod)
        finally:
            pod.remove()


def _exec_rows(bench: Bench, pod: Pod) -> Iterator[Row]:
    against = "docker exec | socat -b 262144"
    out = _side_by_side(
        lambda: _spdy_out(pod), lambda: _docker_out(bench, pod), lambda: _websocket_out(pod)
    )
    into = _side_by_side(
        lambda: _spdy_in(pod), lambda: _docker_in(bench, pod), lambda: _websocket_in(pod)
    )
    for what, (spdy, docker, websocket) in (("out", out), ("in", into)):
        yield _speed(f"exec 1 GiB {what}, SPDY", spdy, docker, bound=0.8, against=against)
        yield _speed(f"exec 1 GiB {what}, WebSocket v5", websocket, docker, against=against)


def _port_forward_rows(pod: Pod) -> Iterator[Row]:
    with _servers(pod):
        out = _side_by_side(lambda: _forward_out(pod), lambda: _socat_out(pod))
        into = _side_by_side(lambda: _forward_in(pod), lambda: _socat_in(pod))
    for what, (ours, socat) in (("out", out), ("in", into)):
        yield _speed(
            f"port-forward 1 GiB {what}, SPDY", ours, socat, bound=0.8, against="socat -b 262144"
        )


def _session_rows(bench: Bench, pod: Pod) -> Iterator[Row]:
    """Open many sessions, all at once in the end."""
    before = pss_mib(bench.shim.program.pid)
    opened: list[SpdyCommand] = []
    took_s = _in_threads(lambda: _open_sessions(pod, opened, _SESSIONS // _OPENERS))
    held = pss_mib(bench.shim.program.pid) - before
    for session in opened:
        session.finish("stdin")
    outputs = [read_to_end(session) for session in opened]
    if {output.exit_code for output in outputs} != {0}:
        raise AssertionError("a session did not end well")
    count = len(opened)
    yield Row(
        what=f"open {count} sessions at once, each",
        ours=took_s / count * 1000,
        reference=_bare_execs(bench, pod, count) / count * 1000,
        against="exec create and hijacked start, as many at once",
    )
    yield Row(what="memory of an open session", ours=held * 1024 / count, unit="KiB")


def _stalled_rows(bench: Bench, pod: Pod) -> Iterator[Row]:
    """Let readers stop reading, first while the process runs, then once it has ended."""
    # The second is more than what the kernel and Docker hold, so that the process has to wait.
    runs, ended = "cat /dev/zero", "dd if=/dev/zero bs=64k count=80 2>/dev/null"
    for what, command, bound in (("runs", runs, 256.0), ("has ended", ended, 2048.0)):
        before = pss_mib(bench.shim.program.pid)
        stalled = [
            SpdyCommand(pod.exec_url("sh", "-c", command), {"stdout"}, receive_buffer=4096)
            for _ in range(_STALLED)
        ]
        time.sleep(5)
        held = pss_mib(bench.shim.program.pid) - before
        for session in stalled:
            session.close()
        yield Row(
            what=f"a reader that stopped, the process {what}",
            ours=held * 1024 / _STALLED,
            unit="KiB",
            bound=bound,
        )


def _open_sessions(pod: Pod, opened: list[SpdyCommand], count: int) -> None:
    for _ in range(count):
        session = SpdyCommand(pod.exec_url("cat", stdin=True), {"stdin", "stdout"})
        session.send("stdin", b"x")
        while not session.output.stdout:
            session.step()
        opened.append(session)


def _bare_execs(bench: Bench, pod: Pod, count: int) -> float:
    """Return how long as many execs take without a shim; s."""
    streams = ExitStack()

    def open_some(some: int) -> None:
        with closing(Engine(str(bench.dockerd.socket))) as engine:
            for _ in range(some):
                config = {"Cmd": ["cat"], "AttachStdin": True, "AttachStdout": True}
                exec_id = engine.execs.create(pod.container_id, config)
                stream = engine.execs.start(exec_id, tty=False)
                stream.take_socket()[0].sendall(b"x")
                stream.recv()
                streams.callback(stream.close)

    took_s = _in_threads(lambda: open_some(count // _OPENERS))
    streams.close()
    return took_s


def _in_threads(work: Callable[[], None]) -> float:
    """Do the work in several threads at once; return how long it takes in s."""
    workers = [threading.Thread(target=work) for _ in range(_OPENERS)]
    began_s = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.perf_counter() - began_s


def _side_by_side(*measures: Callable[[], float]) -> list[float]:
    """Return the median of each, measured in turn."""
    results: list[list[float]] = [[] for _ in measures]
    for _ in range(_ROUNDS):
        for measure, found in zip(measures, results, strict=True):
            found.append(measure())
    return [median(found) for found in results]


def _speed(
    what: str, ours: float, reference: float, *, bound: float | None = None, against: str
) -> Row:
    return Row(
        what=what,
        ours=ours,
        reference=reference,
        unit="MiB/s",
        bound=bound,
        at_least=True,
        against=against,
    )


# Out of the container.

_WRITE = ("dd", "if=/dev/zero", "bs=1M", f"count={_SIZE // MIB}")


def _spdy_out(pod: Pod) -> float:
    session = SpdyCommand(pod.exec_url(*_WRITE), {"stdout"})
    return _read(session.client.link)  # type: ignore[arg-type]  # no tunnel: a socket


def _websocket_out(pod: Pod) -> float:
    return _read(WebSocketCommand(pod.exec_url(*_WRITE), {"stdout"}).client.link)


def _docker_out(bench: Bench, pod: Pod) -> float:
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = f"TCP:127.0.0.1:{server.getsockname()[1]}"
        command = _docker(bench, "exec", pod.container_id, *_WRITE)
        with (
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as docker,
            subprocess.Popen([*_SOCAT, "-u", "-", target], stdin=docker.stdout),
        ):
            link, _ = server.accept()
            return _read(link)


def _read(link: socket.socket) -> float:
    """Return how many MiB/s come, and close."""
    buffer, left = bytearray(_BLOCK), _SIZE
    began_s = time.perf_counter()
    with link:
        while left > 0:
            size = link.recv_into(buffer)
            if not size:
                raise AssertionError(f"{left} bytes are missing")
            left -= size
    return _SIZE / MIB / (time.perf_counter() - began_s)


# Into the container.

_COUNT = ("sh", "-c", "cat >/dev/null; echo done")


def _spdy_in(pod: Pod) -> float:
    session = SpdyCommand(pod.exec_url(*_COUNT, stdin=True), {"stdin", "stdout"})
    piece = struct.pack(">LL", session.streams["stdin"], 32768) + bytes(32768)
    return _write_to_end(session, session.client.link.sendall, piece)


def _websocket_in(pod: Pod) -> float:
    session = WebSocketCommand(pod.exec_url(*_COUNT, stdin=True), {"stdin", "stdout"})
    return _write_to_end(session, session.client.link.sendall, frame(2, b"\0" + bytes(32768)))


def _write_to_end(
    session: SpdyCommand | WebSocketCommand, send: Callable[[bytes], None], piece: bytes
) -> float:
    block = piece * (_BLOCK // 32768)
    began_s = time.perf_counter()
    for _ in range(_SIZE // _BLOCK):
        send(block)
    session.finish("stdin")
    if read_to_end(session).stdout != b"done\n":
        raise AssertionError("the process did not see the end of its input")
    return _SIZE / MIB / (time.perf_counter() - began_s)


def _docker_in(bench: Bench, pod: Pod) -> float:
    here, there = socket.socketpair()
    listen = [*_SOCAT, "-u", f"FD:{there.fileno()}", "-"]
    command = _docker(bench, "exec", "-i", pod.container_id, *_COUNT)
    with (
        here,
        subprocess.Popen(
            listen, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, pass_fds=[there.fileno()]
        ) as socat,
        subprocess.Popen(command, stdin=socat.stdout, stdout=subprocess.PIPE) as docker,
    ):
        there.close()
        began_s = time.perf_counter()
        for _ in range(_SIZE // _BLOCK):
            here.sendall(bytes(_BLOCK))
        here.shutdown(socket.SHUT_WR)
        if docker.communicate()[0] != b"done\n":
            raise AssertionError("the process did not see the end of its input")
        return _SIZE / MIB / (time.perf_counter() - began_s)


def _docker(bench: Bench, *arguments: str) -> list[str]:
    return [programs.docker(), "--host", bench.dockerd.url, *arguments]


# Ports of the pod.


@contextmanager
def _servers(pod: Pod) -> Iterator[None]:
    command = ["nsenter", "--net", f"--target={pod.pid}", sys.executable, "-c", _SERVERS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as servers:
        if servers.stdout is None or servers.stdout.readline() != b"ready\n":
            raise AssertionError("the servers in the pod did not start")
        yield
        servers.terminate()


def _forward_out(pod: Pod) -> float:
    forward = PortForward(pod.port_forward_url())
    forward.open(_SOURCE_PORT)
    return _read(forward.client.link)  # type: ignore[arg-type]  # no tunnel: a socket


def _forward_in(pod: Pod) -> float:
    with closing(PortForward(pod.port_forward_url())) as forward:
        connection = forward.open(_SINK_PORT)
        piece = struct.pack(">LL", connection.data_stream, 32768) + bytes(32768)
        block = piece * (_BLOCK // 32768)
        began_s = time.perf_counter()
        for _ in range(_SIZE // _BLOCK):
            forward.client.link.sendall(block)
        forward.finish(connection)
        forward.read_to_end(connection)
        return _SIZE / MIB / (time.perf_counter() - began_s)


@contextmanager
def _socat(pod: Pod, port: int) -> Iterator[socket.socket]:
    """Yield a connection to a port of the pod by one socat."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = socket.create_connection(server.getsockname())
        there, _ = server.accept()
    command = ["nsenter", "--net", f"--target={pod.pid}", *_SOCAT]
    command += ["-t", "30", f"FD:{there.fileno()}", f"TCP:127.0.0.1:{port}"]
    with here, subprocess.Popen(command, pass_fds=[there.fileno()]):
        there.close()
        yield here


def _socat_out(pod: Pod) -> float:
    with _socat(pod, _SOURCE_PORT) as link:
        return _read(link)


def _socat_in(pod: Pod) -> float:
    with _socat(pod, _SINK_PORT) as link:
        block = bytes(_BLOCK)
        began_s = time.perf_counter()
        for _ in range(_SIZE // _BLOCK):
            link.sendall(block)
        link.shutdown(socket.SHUT_WR)
        while link.recv(_BLOCK):
            pass
        return _SIZE / MIB / (time.perf_counter() - began_s)
