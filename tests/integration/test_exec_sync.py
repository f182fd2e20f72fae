"""ExecSync: output, exit codes, timeouts, and what is left of the command afterwards."""

import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriError
from tests.bed.engines import Engine
from tests.integration.pods import Container, Pods
from tests.integration.streaming.watching import comes_true

pytestmark = pytest.mark.engine

KUBELET_BYTES = 16 * 1024 * 1024


@pytest.fixture
def container(pods: Pods) -> Container:
    return pods.run().start()


def test_streams_and_exit_code_come_apart(container: Container) -> None:
    answer = container.execute(["sh", "-c", "echo out; echo err >&2; exit 42"])

    assert (answer.stdout, answer.stderr, answer.exit_code) == (b"out\n", b"err\n", 42)


def test_first_bytes_are_never_lost(container: Container) -> None:
    assert {container.output("echo", "all") for _ in range(30)} == {"all"}


@pytest.mark.parametrize("count", [60, pytest.param(400, marks=pytest.mark.endurance)])
def test_commands_at_once_are_all_right_and_return_promptly(
    container: Container, engine: Engine, count: int
) -> None:
    """Without turns Docker 20.10 ends none before it has started all: each takes as long as all."""
    began_s = time.monotonic()

    def execute(number: int) -> float:
        assert container.output("echo", str(number)) == str(number)
        return time.monotonic() - began_s

    with ThreadPoolExecutor(count) as pool:
        took_s = sorted(pool.map(execute, range(count)))

    if engine.name == "20.10":  # newer ones start them all, and have all of them to wait for
        assert took_s[count // 4] < took_s[-1] / 2


def test_time_in_the_queue_does_not_count(container: Container, engine: Engine) -> None:
    """Without turns all of these time out on Docker 20.10: together they take 4 s."""
    if engine.name != "20.10":
        pytest.skip("this engine has no queue: it starts all of them at once")
    with ThreadPoolExecutor(150) as pool:
        answers = pool.map(lambda _: container.execute(["true"], timeout_s=2), range(150))
        assert {answer.exit_code for answer in answers} == {0}


def test_timeout_ends_a_command_that_prints_all_the_time(container: Container) -> None:
    with pytest.raises(CriError) as error:
        container.execute(["yes"], timeout_s=1)

    assert error.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "yes" not in container.output("ps")


def test_timeout_kills_the_command_and_its_children(container: Container) -> None:
    took_s: list[float] = []
    while len(took_s) < 3 or (min(took_s) >= 1.5 and len(took_s) < 10):  # busy machines spoil some
        began_s = time.monotonic()
        with pytest.raises(CriError) as late:
            container.execute(
                ["sh", "-c", "sleep 97 & sh -c 'sleep 98; :' & sleep 99"], timeout_s=1
            )
        took_s.append(time.monotonic() - began_s)

        assert late.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
        assert comes_true(lambda: "sleep 9" not in container.output("ps"), within_s=10)
    assert 1 <= min(took_s) < 1.5


def test_command_of_a_caller_who_leaves_is_killed(container: Container) -> None:
    request = cri.ExecSyncRequest(container_id=container.id, cmd=["sleep", "96"])

    with pytest.raises(CriError):
        container.client.call(request, cri.ExecSyncResponse, timeout_s=0.5)

    assert comes_true(lambda: "sleep 96" not in container.output("ps"), within_s=20)


def test_background_child_does_not_hold_up_the_answer(container: Container) -> None:
    began_s = time.monotonic()

    # Docker's own two seconds begin with the command's end, behind these.
    answer = container.execute(["sh", "-c", "sleep 30 & echo done"], timeout_s=2)

    assert (answer.stdout, answer.exit_code) == (b"done\n", 0)
    assert time.monotonic() - began_s < 10


def test_long_output_is_cut_to_what_a_client_takes(container: Container) -> None:
    script = "head -c 20000000 /dev/zero; echo late >&2; exit 9"

    answer = container.execute(["sh", "-c", script])

    assert answer.exit_code == 9
    assert len(answer.stdout) == KUBELET_BYTES - 64 * 1024
    assert answer.ByteSize() < KUBELET_BYTES


def test_output_that_fits_is_complete(container: Container) -> None:
    answer = container.execute(["sh", "-c", "head -c 5000000 /dev/zero"])

    assert answer.stdout == bytes(5_000_000)


def test_missing_program_is_an_error(container: Container) -> None:
    with pytest.raises(CriError, match="no-such-program") as failed:
        container.execute(["no-such-program"])

    assert failed.value.code is grpc.StatusCode.UNKNOWN


def test_only_a_running_container_executes(pods: Pods) -> None:
    created = pods.run().create()

    with pytest.raises(CriError) as refused:
        created.execute(["true"])

    assert refused.value.code is grpc.StatusCode.FAILED_PRECONDITION


def test_command_must_not_be_empty(container: Container) -> None:
    with pytest.raises(CriError, match="cmd") as refused:
        container.execute([])

    assert refused.value.code is grpc.StatusCode.INVALID_ARGUMENT
