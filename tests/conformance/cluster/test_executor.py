"""The kubelet's own way to a runtime: client-go's SPDY executor at the URL that Exec answers."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from tests.conformance.cluster import pods
from tests.conformance.cluster.kubectl import Kubectl
from tests.conformance.programs import Programs

MIB = 1024 * 1024


class Executor:
    """Runs commands in one container."""

    def __init__(self, program: str, client: CriClient, container_id: str) -> None:
        self._program = program
        self._client = client
        self._container_id = container_id

    def run(self, *command: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end."""
        request = cri.ExecRequest(
            container_id=self._container_id, cmd=command, stdin=True, stdout=True, stderr=True
        )
        url = self._client.call(request, cri.ExecResponse).url
        return subprocess.run(
            [self._program, url], input=stdin, capture_output=True, check=False, timeout=60
        )


@pytest.fixture
def executor(programs: Programs, endpoint: str, cluster: Kubectl, shell: str) -> Iterator[Executor]:
    """One for the shared pod."""
    with CriClient(endpoint) as client:
        yield Executor(str(programs["spdyexec"]), client, pods.container_id(cluster, shell))


def test_streams_and_exit_code_come_apart(executor: Executor) -> None:
    answer = executor.run("sh", "-c", "echo out; echo err >&2; exit 42")

    assert (answer.stdout, answer.stderr, answer.returncode) == (b"out\n", b"err\n", 42)


def test_input_comes_back_unchanged(executor: Executor) -> None:
    sent = os.urandom(8 * MIB)

    answer = executor.run("cat", stdin=sent)

    assert answer.returncode == 0
    assert answer.stdout == sent


def test_a_silent_session_lives_on_under_pings(executor: Executor) -> None:
    answer = executor.run("sh", "-c", "sleep 12; echo awake")

    assert (answer.stdout, answer.returncode) == (b"awake\n", 0)
