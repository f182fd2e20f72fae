"""What happens around every RPC: codes, log lines, bounds, and the call that is entered."""

import inspect
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from pydockershim import calls, errors
from pydockershim.api import runtime_v1 as cri
from pydockershim.api.services import METHODS
from pydockershim.client.client import CriClient, CriError
from pydockershim.engine.container_api import NameTaken
from pydockershim.errors import ShimError
from pydockershim.server import dispatch
from pydockershim.server.in_flight import InFlightChanges

ERRORS = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, ShimError) and each is not ShimError
]


class Servicer:
    """Methods of the CRI that do what a test has put in for them, and its names for them."""

    def __init__(self) -> None:
        self.removed: Callable[[], object] = lambda: None
        self.listed: Callable[[], object] = lambda: None
        self.RemoveContainer = self._remove
        self.ListContainers = self._list
        self.StreamContainers = self._stream
        self.PullImage = self._pull

    def _remove(self, _: cri.RemoveContainerRequest) -> cri.RemoveContainerResponse:
        self.removed()
        return cri.RemoveContainerResponse()

    def _list(self, _: cri.ListContainersRequest) -> bytes:
        self.listed()
        return cri.ListContainersResponse(containers=[cri.Container(id="a")]).SerializeToString()

    def _stream(self, _: cri.StreamContainersRequest) -> Iterator[bytes]:
        self.listed()
        yield b""

    def _pull(self, _: cri.PullImageRequest) -> cri.PullImageResponse:
        return cri.PullImageResponse(image_ref="sha256:1")


@pytest.fixture
def servicer() -> Servicer:
    return Servicer()


@pytest.fixture
def address(servicer: Servicer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(dispatch, "_BOUNDED_CALLS", 2)
    handlers = dispatch.generic_handlers(servicer, changes=InFlightChanges())
    with ThreadPoolExecutor(8) as pool:
        server = grpc.server(pool, handlers=handlers)
        server.add_insecure_port(f"unix://{tmp_path}/cri.sock")
        server.start()
        yield f"unix://{tmp_path}/cri.sock"
        server.stop(grace=None).wait()


@pytest.fixture
def client(address: str) -> Iterator[CriClient]:
    with CriClient(address) as client:
        yield client


def raising(error: Exception) -> Callable[[], object]:
    def fail() -> None:
        raise error

    return fail


def refused(client: CriClient) -> CriError:
    with pytest.raises(CriError) as error:
        client.remove_container("a")
    return error.value


def streamed(address: str) -> list[bytes]:
    with grpc.insecure_channel(address) as channel:
        stream: Any = channel.unary_stream("/runtime.v1.RuntimeService/StreamContainers")
        return list(stream(b""))


# Codes


@pytest.mark.parametrize("kind", ERRORS)
def test_each_error_has_a_code_of_its_own(
    client: CriClient, servicer: Servicer, kind: type[ShimError]
) -> None:
    servicer.removed = raising(kind("what was wrong with abc"))

    error = refused(client)

    name = {"Unsupported": "UNIMPLEMENTED", "AlreadyExists": "ALREADY_EXISTS"}.get(
        kind.__name__, "".join(f"_{c}" if c.isupper() else c for c in kind.__name__)[1:].upper()
    )
    assert error.code.name == name
    assert error.message == "what was wrong with abc"


def test_special_kind_of_an_error_has_the_code_of_its_class(
    client: CriClient, servicer: Servicer
) -> None:
    servicer.removed = raising(NameTaken("taken", holder_id=None))

    assert refused(client).code is grpc.StatusCode.ALREADY_EXISTS


def test_internal_error_is_a_reference_into_the_log(
    client: CriClient, servicer: Servicer, caplog: pytest.LogCaptureFixture
) -> None:
    servicer.removed = raising(KeyError("S3cr3t"))

    error = refused(client)

    assert error.code is grpc.StatusCode.INTERNAL
    assert "S3cr3t" not in error.message
    reference = error.message.split()[-1]
    (record,) = (each for each in caplog.records if reference in each.getMessage())
    assert record.exc_info


def test_error_in_a_stream_is_coded_too(address: str, servicer: Servicer) -> None:
    servicer.listed = raising(errors.Unavailable("the engine is away"))

    with pytest.raises(grpc.RpcError) as error:
        streamed(address)

    assert error.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("text", ["x" * 100_000, "ü" * 50_000, "\ud800" * 5_000])
def test_long_message_is_cut_in_the_middle(
    client: CriClient, servicer: Servicer, text: str
) -> None:
    servicer.removed = raising(errors.Unknown(f"begin {text} end"))

    message = refused(client).message

    assert message.startswith("begin ")
    assert message.endswith(" end")
    assert len(message.encode()) < 2100


# Methods


@pytest.mark.parametrize("service", ["v1", "v1alpha2"])
def test_both_services_are_served_and_told_apart(
    address: str, servicer: Servicer, service: Any
) -> None:
    seen: list[str] = []
    servicer.removed = lambda: seen.append(calls.current().service)

    with CriClient(address, service=service) as client:
        client.remove_container("a")

    assert seen == [service]


def test_every_method_that_nobody_defines_is_unimplemented_by_name(
    address: str, servicer: Servicer
) -> None:
    with grpc.insecure_channel(address) as channel:
        for method in METHODS:
            if hasattr(servicer, method.name):
                continue
            kind = channel.unary_stream if method.streams else channel.unary_unary
            call: Any = kind(method.path)
            with pytest.raises(grpc.RpcError) as error:
                list(call(b"")) if method.streams else call(b"")
            assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
            assert method.name in (error.value.details() or "")


def test_bytes_that_are_ready_go_out_as_they_are(client: CriClient) -> None:
    assert [each.id for each in client.list_containers()] == ["a"]


# The call


def test_deadline_and_cancellation_reach_the_call(client: CriClient, servicer: Servicer) -> None:
    left_s: list[float | None] = []
    begun, gone = threading.Event(), threading.Event()

    def wait_for_the_end() -> None:
        left_s.append(calls.current().remaining_s())
        with calls.current().on_cancel(gone.set):
            begun.set()
            assert gone.wait(30)
        calls.current().check()

    servicer.removed = wait_for_the_end
    with ThreadPoolExecutor(1) as pool:
        removal = pool.submit(
            client.call,
            cri.RemoveContainerRequest(container_id="a"),
            cri.RemoveContainerResponse,
            timeout_s=60,
        )
        assert begun.wait(30)
        client.close()
        assert removal.exception(30)

    assert gone.wait(30)
    assert left_s[0] is not None
    assert 0 < left_s[0] < 61  # gRPC rounds


def test_call_without_a_deadline_has_none(client: CriClient, servicer: Servicer) -> None:
    left_s: list[float | None] = []
    servicer.removed = lambda: left_s.append(calls.current().remaining_s())

    client.call(
        cri.RemoveContainerRequest(container_id="a"), cri.RemoveContainerResponse, timeout_s=None
    )

    assert left_s == [None]


def test_reads_pass_while_no_more_long_calls_are_taken(
    address: str, client: CriClient, servicer: Servicer
) -> None:
    under_way, may_end = threading.Semaphore(0), threading.Event()

    def block() -> None:
        under_way.release()
        may_end.wait(30)

    servicer.removed = block
    with ThreadPoolExecutor(2) as pool:
        removals = [pool.submit(client.remove_container, "a") for _ in range(2)]
        for _ in removals:
            assert under_way.acquire(timeout=30)

        assert refused(client).code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert client.list_containers()
        assert streamed(address) == [b""]
        may_end.set()
        for each in removals:
            each.result()
    client.remove_container("a")


def test_stream_is_taken_before_it_has_a_message(address: str, servicer: Servicer) -> None:
    may_begin = threading.Event()
    servicer.listed = lambda: may_begin.wait(30)

    with grpc.insecure_channel(address) as channel:
        stream: Any = channel.unary_stream("/runtime.v1.RuntimeService/StreamContainers")
        messages = stream(b"", timeout=30)
        messages.initial_metadata()
        may_begin.set()
        assert list(messages) == [b""]


# The log


@pytest.mark.parametrize(
    ("act", "level"),
    [
        (lambda client: client.remove_container("abc"), logging.INFO),
        (lambda client: client.list_containers(), logging.DEBUG),
    ],
)
def test_a_line_is_written_for_each_call(
    client: CriClient,
    caplog: pytest.LogCaptureFixture,
    act: Callable[[CriClient], object],
    level: int,
) -> None:
    caplog.set_level(logging.DEBUG, logger="pydockershim.server")

    act(client)

    (record,) = caplog.records
    assert record.levelno == level
    assert record.getMessage().endswith(" ms: ok")


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (errors.NotFound("no abc"), logging.INFO),
        (errors.Unavailable("engine away"), logging.WARNING),
        (errors.Cancelled("the caller left"), logging.WARNING),
    ],
)
def test_failure_is_a_warning_unless_something_is_not_there(
    client: CriClient,
    servicer: Servicer,
    caplog: pytest.LogCaptureFixture,
    error: ShimError,
    level: int,
) -> None:
    caplog.set_level(logging.DEBUG, logger="pydockershim.server")
    servicer.removed = raising(error)

    refused(client)

    (record,) = caplog.records
    assert record.levelno == level
    assert str(error) in record.getMessage()


def test_content_of_a_request_is_not_logged(
    client: CriClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client.pull_image("busybox:1", auth=cri.AuthConfig(username="tester", auth="S3cr3t"))

    assert "image=busybox:1" in caplog.text
    assert "image_ref=sha256:1" in caplog.text
    assert "tester" not in caplog.text
    assert "S3cr3t" not in caplog.text


def test_text_of_a_client_stays_on_one_line_of_bounded_length(
    client: CriClient, servicer: Servicer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="pydockershim.server")
    servicer.removed = raising(errors.Unknown("a\nb\x1b[2J"))

    with pytest.raises(CriError):
        client.remove_container("c\nd" + "e" * 100_000)

    (record,) = caplog.records
    assert record.getMessage().isprintable()
    assert len(record.getMessage()) < 3000
