"""crictl over both of its transports."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.bed import cri_tools, dialogue
from tests.bed.dialogue import Dialogue
from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.clients.exchange import exchange
from tests.integration.pods import Container, Pod, Pods
from tests.integration.streaming.servers import ECHO, serving

pytestmark = pytest.mark.engine

MIB = 1024 * 1024


class Crictl:
    """The program with its config file, and the transport that it is to use."""

    def __init__(self, config: Path, transport: str) -> None:
        self._words = (cri_tools.crictl(), f"--config={config}")
        self._transport = f"--transport={transport}"

    def run(self, verb: str, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run a streaming command to its end."""
        command = self._command(verb, words)
        return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=60)

    def start(self, verb: str, *words: str) -> Dialogue:
        """Start a streaming command, to be talked with over pipes."""
        return dialogue.over_pipes(self._command(verb, words))

    def on_terminal(self, verb: str, *words: str) -> Dialogue:
        """Start a streaming command on a terminal of 33 rows and 99 columns."""
        return dialogue.on_terminal(self._command(verb, words), rows=33, columns=99)

    def _command(self, verb: str, words: tuple[str, ...]) -> list[str | Path]:
        return [*self._words, verb, self._transport, *words]


@pytest.fixture(params=["spdy", "websocket"])
def crictl(shim: Shim, request: pytest.FixtureRequest, tmp_path: Path) -> Crictl:
    """Crictl over one transport."""
    config = tmp_path / "crictl.yaml"
    config.write_text(f"runtime-endpoint: {shim.url}\ntimeout: 30\n")
    return Crictl(config, request.param)


@pytest.fixture(scope="module")
def echo_pod(module_pods: Pods, dockerd: Dockerd) -> Iterator[Pod]:
    """A pod whose port ECHO sends back what it gets."""
    pod = module_pods.run()
    with serving(dockerd.api.inspect_container(pod.id)["State"]["Pid"]):
        yield pod


def test_input_comes_back_unchanged(crictl: Crictl, container: Container) -> None:
    sent = os.urandom(8 * MIB)

    answer = crictl.run("exec", "--interactive", container.id, "cat", stdin=sent)

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == sent


def test_the_streams_come_apart(crictl: Crictl, container: Container) -> None:
    answer = crictl.run("exec", container.id, "sh", "-c", "echo out; echo err >&2")

    assert (answer.stdout, answer.stderr) == (b"out\n", b"err\n")


def test_success_is_success(crictl: Crictl, container: Container) -> None:
    answer = crictl.run("exec", container.id, "true")

    assert (answer.returncode, answer.stderr) == (0, b"")


@pytest.mark.parametrize("code", [1, 42, 137])
def test_the_exit_code_is_told(crictl: Crictl, container: Container, code: int) -> None:
    answer = crictl.run("exec", container.id, "sh", "-c", f"exit {code}")

    # crictl tells it, and exits with 1 itself.
    assert answer.returncode == 1
    assert f"exit code {code}" in answer.stderr.decode()


def test_a_terminal_has_the_size_of_the_persons_and_follows_it(
    crictl: Crictl, container: Container
) -> None:
    script = "tty; while :; do stty size; read -t 1 word && exit 5; done"
    words = ("exec", "--interactive", "--tty", container.id, "sh", "-c", script)
    with crictl.on_terminal(*words) as person:
        person.wait_for(b"/dev/pts/")
        person.wait_for(b"33 99")
        person.resize(44, 111)
        person.wait_for(b"44 111")
        person.send(b"\n")
        person.wait_for(b"exit code 5")


def test_attach_joins_a_process_and_leaves_it_running(crictl: Crictl, pods: Pods) -> None:
    script = "while read line; do echo got $line; echo err $line >&2; done"
    container = pods.run().start(["sh", "-c", script], stdin=True)
    for word in (b"one", b"two"):
        with crictl.start("attach", "--stdin", container.id) as person:
            person.send(word + b"\n")
            person.wait_for(b"got " + word)
            person.wait_for(b"err " + word)
    assert container.status.finished_at == 0


def test_attach_with_stdin_once_ends_the_processes_input(crictl: Crictl, pods: Pods) -> None:
    script = "cat; echo the end"
    container = pods.run().start(["sh", "-c", script], stdin=True, stdin_once=True)

    answer = crictl.run("attach", "--stdin", container.id, stdin=b"all\n")

    assert (answer.returncode, answer.stdout) == (0, b"all\nthe end\n")


def test_attach_to_a_terminal(crictl: Crictl, pods: Pods) -> None:
    script = "while :; do stty size; read -t 1 line && echo got $line; done"
    container = pods.run().start(["sh", "-c", script], stdin=True, tty=True)
    with crictl.on_terminal("attach", "--stdin", "--tty", container.id) as person:
        person.wait_for(b"33 99")
        person.resize(44, 111)
        person.wait_for(b"44 111")
        person.send(b"word\n")
        person.wait_for(b"got word")


def test_port_forward_carries_many_connections_at_once(crictl: Crictl, echo_pod: Pod) -> None:
    with _forwarding(crictl, echo_pod, ECHO) as port, ThreadPoolExecutor(50) as pool:
        assert all(pool.map(_is_echoed, [port] * 50))


@contextmanager
def _forwarding(crictl: Crictl, pod: Pod, port: int) -> Iterator[int]:
    """Run a port-forward; gives the local port."""
    with crictl.start("port-forward", pod.id, f"0:{port}") as forward:
        forward.wait_for(b" -> ")
        match = re.search(rb"127\.0\.0\.1:(\d+) -> ", forward.output)
        assert match, forward
        yield int(match[1])


def _is_echoed(port: int) -> bool:
    sent = os.urandom(MIB // 4)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        return exchange(connection, sent) == sent
