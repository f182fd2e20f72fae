"""Exec: output, input, ends, exit codes and terminals, over SPDY and WebSocket."""

import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clients.remotecommand import (
    RemoteCommand,
    SpdyCommand,
    WebSocketCommand,
    read_to_end,
    read_until,
)
from tests.clients.websocket import WebSocketClient
from tests.integration.pods import Container
from tests.integration.streaming.sessions import StreamingSessions
from tests.integration.streaming.watching import ShimWatch

pytestmark = pytest.mark.engine

ClientClass = type[RemoteCommand]
MIB = 1024 * 1024


def test_streams_and_exit_code_come_apart(sessions: StreamingSessions, wire: ClientClass) -> None:
    output = sessions.run(wire, ["sh", "-c", "echo out; echo err >&2; exit 42"])

    assert (output.stdout, output.stderr, output.exit_code) == (b"out\n", b"err\n", 42)


def test_success_is_told(sessions: StreamingSessions, wire: ClientClass) -> None:
    assert sessions.run(wire, ["true"]).status["status"] == "Success"


@pytest.mark.parametrize("code", [0, 1, 42, 126, 127, 137, 255])
def test_exit_codes_are_exact(sessions: StreamingSessions, code: int) -> None:
    assert sessions.run(SpdyCommand, ["sh", "-c", f"exit {code}"]).exit_code == code


def test_a_killed_command_is_137(sessions: StreamingSessions, wire: ClientClass) -> None:
    assert sessions.run(wire, ["sh", "-c", "kill -9 $$"]).exit_code == 137


def test_the_ends_come_in_order(sessions: StreamingSessions) -> None:
    session = sessions.open(SpdyCommand, ["echo", "hi"], stdin=True)
    assert read_to_end(session).ends == ["stdout", "stderr", "stdin", "error"]


def test_a_websocket_ends_with_close(sessions: StreamingSessions) -> None:
    assert sessions.run(WebSocketCommand, ["true"]).ends == ["closed"]


def test_a_command_that_cannot_start_is_an_error_in_dockers_words(
    sessions: StreamingSessions, wire: ClientClass
) -> None:
    output = sessions.run(wire, ["nosuch"])

    assert output.status["reason"] == "InternalError"
    assert "nosuch" in output.status["message"]
    assert not output.stdout, "the words are not the command's"


def test_output_that_looks_like_dockers_words_is_the_commands(
    sessions: StreamingSessions, wire: ClientClass
) -> None:
    output = sessions.run(wire, ["sh", "-c", "printf 'OCI runtime exec failed: not'; exit 3"])

    assert (output.stdout, output.exit_code) == (b"OCI runtime exec failed: not", 3)


def test_a_container_that_ended_meanwhile_is_an_error(
    sessions: StreamingSessions, wire: ClientClass, pod_of_its_own: Container
) -> None:
    url = StreamingSessions(sessions.client, pod_of_its_own.id).exec_url(["true"])
    sessions.client.stop_container(pod_of_its_own.id)

    output = read_to_end(wire(url, {"stdout", "stderr"}))  # type: ignore[call-arg]

    assert output.status["reason"] == "InternalError"
    assert "not running" in output.status["message"]


def test_output_goes_on_behind_the_end_of_the_input(
    sessions: StreamingSessions, wire: ClientClass
) -> None:
    output = sessions.run(wire, ["sh", "-c", "cat; sleep 1; echo later"], stdin=b"now\n")

    assert output.stdout == b"now\nlater\n"


@pytest.mark.parametrize(
    "size",
    [
        32 * MIB,
        pytest.param(1024 * MIB, marks=[pytest.mark.endurance, pytest.mark.timeout(600)]),
    ],
)
def test_megabytes_pass_unchanged_both_ways_and_cost_little(
    sessions: StreamingSessions, watched: ShimWatch, wire: ClientClass, size: int
) -> None:
    session = sessions.open(wire, ["cat"], stdin=True)
    block = os.urandom(MIB)
    sent, received = hashlib.sha256(), hashlib.sha256()

    def send() -> None:
        for _ in range(size // MIB):
            sent.update(block)
            session.send("stdin", block)
        session.finish("stdin")

    sender = threading.Thread(target=send)
    sender.start()
    while session.step():
        received.update(session.output.of["stdout"])
        session.output.of["stdout"].clear()
    sender.join()
    session.close()

    assert received.digest() == sent.digest()
    assert session.output.exit_code == 0
    assert watched.growth_mib < 64


def test_input_for_a_command_that_closes_its_output_arrives(
    sessions: StreamingSessions, wire: ClientClass
) -> None:
    output = sessions.run(wire, ["sh", "-c", "tar xf - 2>/dev/null; echo $?"], stdin=bytes(MIB))

    assert output.stdout == b"0\n"


@pytest.mark.parametrize("command", ["exec >&-; sleep 1; exit 5", "exec >&- 2>&-; exit 5"])
def test_the_end_of_the_output_is_not_the_end(
    sessions: StreamingSessions, wire: ClientClass, command: str
) -> None:
    assert sessions.run(wire, ["sh", "-c", command]).exit_code == 5


def test_a_background_child_does_not_hold_up_the_end(
    sessions: StreamingSessions, pod_of_its_own: Container, wire: ClientClass
) -> None:
    # In a container of its own: Docker 20.10 holds up the next command for as long once more.
    began_s = time.monotonic()

    output = StreamingSessions(sessions.client, pod_of_its_own.id).run(
        wire, ["sh", "-c", "sleep 60 & echo hi"]
    )

    assert (output.stdout, output.exit_code) == (b"hi\n", 0)
    assert time.monotonic() - began_s < 20


@pytest.mark.parametrize(
    ("protocol", "status"),
    [
        ("v4.channel.k8s.io", b'"ExitCode"'),
        ("v3.channel.k8s.io", b"exit status 4"),
        ("v2.channel.k8s.io", b"exit status 4"),
        ("channel.k8s.io", b"exit status 4"),
    ],
)
def test_older_protocols_over_spdy(
    sessions: StreamingSessions, protocol: str, status: bytes
) -> None:
    session = sessions.open(SpdyCommand, ["sh", "-c", "echo hi; exit 4"], protocols=[protocol])
    output = read_to_end(session)
    assert output.stdout == b"hi\n"
    assert status in output.of["error"]


@pytest.mark.parametrize(
    ("protocol", "status"),
    [
        ("v4.channel.k8s.io", b'"ExitCode"'),
        ("v4.base64.channel.k8s.io", b'"ExitCode"'),
        ("channel.k8s.io", b"exit status 4"),
        ("base64.channel.k8s.io", b"exit status 4"),
        ("", b"exit status 4"),
    ],
)
def test_older_protocols_over_websocket(
    sessions: StreamingSessions, protocol: str, status: bytes
) -> None:
    command = ["sh", "-c", "read line; echo $line; exit 4"]
    session = sessions.open(WebSocketCommand, command, stdin=True, protocol=protocol)
    session.send("stdin", b"hi\n")
    output = read_to_end(session)
    assert output.stdout == b"hi\n"
    assert status in output.of["error"]


def test_a_channel_that_was_not_asked_for_stays_silent(sessions: StreamingSessions) -> None:
    url = sessions.exec_url(["sh", "-c", "echo out; echo err >&2"], stderr=False)
    output = read_to_end(WebSocketCommand(url, {"stdout"}))
    assert (output.stdout, output.stderr) == (b"out\n", b"")


def test_the_first_prompt_has_the_clients_size(
    sessions: StreamingSessions, wire: ClientClass, sized_after: str
) -> None:
    command = ["sh", "-c", f"sleep {sized_after}; stty size"]
    for _ in range(5):
        session = sessions.open(wire, command, tty=True, size=b'{"Width":123,"Height":45}\n')
        assert read_to_end(session).stdout == b"45 123\r\n"


def test_the_last_of_many_sizes_counts(sessions: StreamingSessions, wire: ClientClass) -> None:
    script = "while :; do stty size; read -t 1 line && break; done; stty size"
    session = sessions.open(wire, ["sh", "-c", script], stdin=True, tty=True)
    for width in range(1, 501):
        session.send("resize", b'{"Width":%d,"Height":24}' % width)
        time.sleep(0.002)
    session.send("resize", b'{"Width":0,"Height":0}')
    read_until(session, lambda output: b"24 500\r\n" in output.stdout)
    time.sleep(1)  # in which nothing else may become of it
    session.send("stdin", b"\n")
    assert read_to_end(session).stdout.endswith(b"24 500\r\n")


def test_nonsense_as_a_size_harms_nobody(sessions: StreamingSessions, wire: ClientClass) -> None:
    session = sessions.open(wire, ["sh", "-c", "read line; echo $line"], stdin=True, tty=True)
    session.send("resize", b"enormous")
    session.send("stdin", b"hi\n")
    output = read_to_end(session)
    assert b"hi\r\n" in output.stdout
    assert output.exit_code == 0


def test_a_terminal_gets_every_key(sessions: StreamingSessions, wire: ClientClass) -> None:
    keys = b"a\x10\x11b"  # ctrl-p ctrl-q would detach Docker's own client
    command = ["sh", "-c", "stty raw -echo; echo ready; head -c 4 | od -An -tx1"]
    session = sessions.open(wire, command, stdin=True, tty=True)
    read_until(session, lambda output: b"ready" in output.stdout)
    session.send("stdin", keys)
    assert b"61 10 11 62" in read_to_end(session).stdout


def test_a_terminal_mixes_both_outputs(sessions: StreamingSessions, wire: ClientClass) -> None:
    session = sessions.open(wire, ["sh", "-c", "echo out; echo err >&2; exit 3"], tty=True)
    output = read_to_end(session)
    assert (output.stdout, output.exit_code) == (b"out\r\nerr\r\n", 3)


def test_the_end_of_the_input_is_typed_at_a_terminal(
    sessions: StreamingSessions, wire: ClientClass
) -> None:
    command = ["sh", "-c", "stty -echo; cat; sleep 1; echo later; exit 3"]
    for typed in (b"", b"a line\n", b"no line"):
        session = sessions.open(wire, command, stdin=True, tty=True)
        session.send("stdin", typed)
        session.finish("stdin")
        output = read_to_end(session)
        assert output.stdout.endswith(typed.replace(b"\n", b"\r\n") + b"later\r\n")
        assert output.exit_code == 3


def test_ends_do_not_wait_for_the_beginnings_of_others(sessions: StreamingSessions) -> None:
    began_s = time.monotonic()

    def late_s(session: RemoteCommand) -> float:
        read_until(session, lambda output: output.stdout == b"hi\n")
        shown_s = time.monotonic()
        assert read_to_end(session).exit_code == 0
        return time.monotonic() - shown_s

    begun = [sessions.open(SpdyCommand, ["echo", "hi"]) for _ in range(60)]
    with ThreadPoolExecutor(len(begun)) as readers:
        latest_s = max(readers.map(late_s, begun))
    assert latest_s < (time.monotonic() - began_s) / 2


def test_pings_are_answered_while_the_command_reads_nothing(sessions: StreamingSessions) -> None:
    url = sessions.exec_url(["sleep", "30"], stdin=True)
    client = WebSocketClient(url, protocols=["v5.channel.k8s.io"])
    for _ in range(64):
        client.send(b"\x00" + bytes(32768))
    client.send(b"still there?", opcode=9)
    began_s = time.monotonic()
    while (message := client.read()) is not None and message.opcode != 10:
        pass
    assert message is not None
    assert message.payload == b"still there?"
    assert time.monotonic() - began_s < 15
    client.close()
