"""Exec and attach: their streams, their ends, their terminals."""

import socket
import threading
from contextlib import closing

import pytest

from pydockershim import errors
from pydockershim.engine.engine import Engine
from pydockershim.engine.hijack import Hijacked
from pydockershim.engine.rawstream import StreamName
from tests.integration.engine.making import create, execute, output

pytestmark = pytest.mark.engine


def start_terminal(client: Engine, container_id: str, script: str) -> tuple[str, Hijacked]:
    streams = {"AttachStdin": True, "AttachStdout": True}
    config = {"Cmd": ["sh", "-c", script], "Tty": True, **streams}
    exec_id = client.execs.create(container_id, config)
    return exec_id, client.execs.start(exec_id, tty=True)


def read_until(stream: Hijacked, text: bytes) -> bytes:
    received = b""
    while text not in received:
        data = stream.recv(timeout_s=10)
        assert data, f"{text!r} did not come after {received!r}"
        received += data
    return received


def test_exec_gives_both_streams_and_the_exit_code(client: Engine, container: str) -> None:
    command = ["sh", "-c", "echo out; echo err >&2; exit 42"]
    config = {"Cmd": command, "AttachStdout": True, "AttachStderr": True}
    exec_id = client.execs.create(container, config)

    with closing(client.execs.start(exec_id, tty=False)) as stream:
        streams = output(stream)

    assert streams[StreamName.STDOUT] == b"out\n"
    assert streams[StreamName.STDERR] == b"err\n"
    assert client.execs.inspect(exec_id)["ExitCode"] == 42


def test_no_output_of_a_short_exec_is_lost(client: Engine, container: str) -> None:
    outputs = [execute(client, container, "echo", "hi")[StreamName.STDOUT] for _ in range(30)]

    assert outputs == [b"hi\n"] * 30


def test_input_of_an_exec_ends_with_the_half_close(client: Engine, container: str) -> None:
    config = {"Cmd": ["cat"], "AttachStdin": True, "AttachStdout": True}
    exec_id = client.execs.create(container, config)
    data = bytes(range(256)) * 4000

    with closing(client.execs.start(exec_id, tty=False)) as stream:
        link, _ = stream.take_socket()

        def write() -> None:
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)

        writer = threading.Thread(target=write)
        writer.start()
        streams = output(stream)
        writer.join()

    assert streams[StreamName.STDOUT] == data


def test_exec_in_a_container_that_does_not_run_is_refused(client: Engine, created: str) -> None:
    with pytest.raises(errors.FailedPrecondition, match="not running"):
        client.execs.create(created, {"Cmd": ["true"]})


def test_no_key_of_a_terminal_is_swallowed(client: Engine, container: str) -> None:
    script = "stty raw -echo; echo ready; head -c 5 | od -An -tx1"
    _, stream = start_terminal(client, container, script)

    with closing(stream):
        read_until(stream, b"ready")
        stream.take_socket()[0].sendall(b"\x10\x11\x00ab")  # docker's own detach keys are \x10\x11

        assert b"10 11 00 61 62" in read_until(stream, b"62")


def test_a_terminal_can_be_resized(client: Engine, container: str) -> None:
    exec_id, stream = start_terminal(client, container, "echo ready; read -r x; stty size")

    with closing(stream):
        read_until(stream, b"ready")
        client.execs.resize(exec_id, height=40, width=100)
        stream.take_socket()[0].sendall(b"\n")

        read_until(stream, b"40 100")


def test_attach_joins_the_streams_of_a_container(client: Engine) -> None:
    container_id = create(client, "cat", OpenStdin=True, StdinOnce=True, AttachStdin=True)
    client.containers.start(container_id)

    with closing(
        client.containers.attach(container_id, stdin=True, stdout=True, stderr=True)
    ) as stream:
        link, _ = stream.take_socket()
        link.sendall(b"hello")
        link.shutdown(socket.SHUT_WR)
        assert output(stream)[StreamName.STDOUT] == b"hello"

    assert client.containers.wait_not_running(container_id, timeout_s=10)
    client.containers.remove(container_id)
