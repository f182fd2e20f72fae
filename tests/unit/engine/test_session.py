"""The call and what it stands on: the pool, time limits, cancellation, the negotiated version."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pydockershim import calls, errors
from pydockershim.engine.sdk_adapter import DockerClient
from pydockershim.engine.session import Session
from pydockershim.engine.time_limits import TimeLimit
from pydockershim.engine.unix_http import UnixHttpConnection
from tests.unit.engine.scripted import FakeEngine, Handler, Server, answer, requests, serving

READ = TimeLimit(3600, read=True)
CHANGE = TimeLimit(3600, read=False)
NO_TIME = 0.02


def ask(session: Session, path: str = "/thing", *, limit: TimeLimit = READ) -> str:
    def use(client: DockerClient) -> str:
        url = f"{client.base_url}/v{client.api_version}{path}"
        return client.get(url).text if limit.read else client.post(url).text

    return session.call("do the thing", limit, use)


@contextmanager
def connected(directory: Path, handler: Handler) -> Iterator[tuple[Session, Server]]:
    """Give a session with a server that follows the script."""
    with serving(directory, handler) as server, closing(Session(server.path)) as session:
        yield session, server


@contextmanager
def negotiated(directory: Path, handler: Handler) -> Iterator[Session]:
    """Give a session that has negotiated before the script begins."""
    engine, scripted = FakeEngine(), threading.Event()

    def serve(connection: socket.socket) -> None:
        if scripted.is_set():
            handler(connection)
        else:
            engine(connection)

    with connected(directory, serve) as (session, _):
        assert session.features.api_version == "1.51"
        scripted.set()
        session.close()
        yield session


def in_call(call: calls.Call, action: Callable[[], object]) -> object:
    """Run the action on another thread, as part of the call; return its result or error."""
    outcome: list[object] = []

    def run() -> None:
        with calls.entered(call):
            try:
                outcome.append(action())
            except errors.ShimError as error:
                outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return outcome[0]


def test_all_urls_share_one_connection(tmp_path: Path) -> None:
    answers = {f"thing{number}": answer(200, b"fine") for number in range(20)}
    with connected(tmp_path, FakeEngine(answers)) as (session, server):
        for number in range(20):
            assert ask(session, f"/thing{number}") == "fine"

        assert len(server.connections) == 1


def test_a_connection_that_the_engine_dropped_is_replaced(tmp_path: Path) -> None:
    engine = FakeEngine({"thing": answer(200, b"fine")}, cut="thing")
    with connected(tmp_path, engine) as (session, _):
        for _ in range(3):
            assert ask(session, limit=CHANGE) == "fine"
            while session._adapter._idle[-1].is_alive():
                pass


def test_a_read_is_repeated_when_its_connection_dies_under_it(tmp_path: Path) -> None:
    with negotiated(tmp_path, second_request_dies()) as session:
        assert ask(session) == "fine"
        assert ask(session) == "fine"


def test_a_change_is_never_repeated(tmp_path: Path) -> None:
    with negotiated(tmp_path, second_request_dies()) as session:
        assert ask(session, limit=CHANGE) == "fine"
        with pytest.raises(errors.Unavailable, match=r"cannot do the thing: the connection"):
            ask(session, limit=CHANGE)


def second_request_dies() -> Handler:
    def handler(connection: socket.socket) -> None:
        each = requests(connection)
        next(each)
        connection.sendall(answer(200, b"fine"))
        next(each, None)

    return handler


def test_a_read_ends_when_its_caller_goes(tmp_path: Path) -> None:
    asked, gone = threading.Event(), threading.Event()

    def hang(connection: socket.socket) -> None:
        for _ in requests(connection):
            asked.set()
        gone.set()

    call = calls.Call()
    with negotiated(tmp_path, hang) as session:

        def cancel() -> None:
            asked.wait(30)
            call.cancel()

        canceller = threading.Thread(target=cancel)
        canceller.start()

        outcome = in_call(call, lambda: ask(session))

        canceller.join()
        assert isinstance(outcome, errors.Cancelled)
        assert gone.wait(30)


def test_a_cancelled_read_leaves_the_session_as_it_was(tmp_path: Path) -> None:
    call = calls.Call()
    engine = FakeEngine({"thing": answer(200, b"fine")})

    def serve(connection: socket.socket) -> None:
        for request in requests(connection):
            if request.name == "hang":
                call.cancel()
            else:
                connection.sendall(engine.answer(request))

    with connected(tmp_path, serve) as (session, _):
        before = session.features

        assert isinstance(in_call(call, lambda: ask(session, "/hang")), errors.Cancelled)
        assert session.features is before


def test_a_change_runs_to_its_end_when_its_caller_goes(tmp_path: Path) -> None:
    call = calls.Call()

    def cancel_and_answer(connection: socket.socket) -> None:
        for _ in requests(connection):
            call.cancel()
            connection.sendall(answer(200, b"done"))

    with negotiated(tmp_path, cancel_and_answer) as session:
        assert in_call(call, lambda: ask(session, limit=CHANGE)) == "done"


@pytest.mark.parametrize("limit", [READ, CHANGE], ids=["read", "change"])
def test_nothing_begins_for_a_caller_who_has_gone(tmp_path: Path, limit: TimeLimit) -> None:
    call = calls.Call()
    call.cancel()
    engine = FakeEngine({"thing": answer(200, b"fine")})
    with connected(tmp_path, engine) as (session, _):
        _ = session.features
        engine.seen.clear()

        assert isinstance(in_call(call, lambda: ask(session, limit=limit)), errors.Cancelled)
        assert not engine.seen


def test_a_read_ends_with_the_deadline_of_its_caller(tmp_path: Path) -> None:
    with negotiated(tmp_path, hang_up_with_client) as session:
        outcome = in_call(calls.Call(timeout_s=NO_TIME), lambda: ask(session))

        assert isinstance(outcome, errors.DeadlineExceeded)


@pytest.mark.parametrize("read", [True, False], ids=["read", "change"])
def test_an_engine_that_does_not_answer_in_time_is_unavailable(
    tmp_path: Path, *, read: bool
) -> None:
    with (
        negotiated(tmp_path, hang_up_with_client) as session,
        pytest.raises(errors.Unavailable, match=r"cannot do the thing: .* within 0\.02 s"),
    ):
        ask(session, limit=TimeLimit(NO_TIME, read=read))


def hang_up_with_client(connection: socket.socket) -> None:
    for _ in requests(connection):
        pass


def test_a_connection_that_is_aborted_before_it_began_never_begins(tmp_path: Path) -> None:
    with serving(tmp_path, hang_up_with_client) as server:
        connection = UnixHttpConnection(server.path, timeout_s=30)
        connection.abort()

        with closing(connection), pytest.raises(ConnectionAbortedError):
            connection.request("GET", "/")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file or directory"), (b"not a socket", "Connection refused")],
)
def test_an_engine_that_is_not_there_is_unavailable(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    path = tmp_path / "docker.sock"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(errors.Unavailable) as caught:
        Session(str(path)).ping()

    assert str(caught.value) == (
        f"cannot ping the Docker engine: unix://{path} cannot be reached ({reason}); "
        "is dockerd running?"
    )


def test_an_upgraded_engine_is_asked_in_its_own_version(tmp_path: Path) -> None:
    engine = FakeEngine({"thing": answer(200, b"fine")})
    with connected(tmp_path, engine) as (session, _):
        ask(session)

        engine.version["ApiVersion"] = "1.44"

        assert ask(session) == "fine"
        assert session.features.api_version == "1.44"


def test_a_ping_notices_another_engine(tmp_path: Path) -> None:
    engine = FakeEngine()
    with connected(tmp_path, engine) as (session, _):
        session.ping()
        assert session.features.root_dir == "/var/lib/docker"
        engine.server, engine.info["DockerRootDir"] = "Docker/29.0.0 (linux)", "/srv/docker"

        session.ping()

        assert session.features.root_dir == "/srv/docker"


def test_what_was_negotiated_is_forgotten_with_the_connection(tmp_path: Path) -> None:
    engine = FakeEngine({"thing": answer(200, b"fine")})
    current: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        current.append(connection)
        engine(connection)

    with connected(tmp_path, serve) as (session, _):
        assert session.features.root_dir == "/var/lib/docker"
        engine.info["DockerRootDir"] = "/srv/docker"
        current[-1].shutdown(socket.SHUT_RDWR)

        ask(session)

        assert session.features.root_dir == "/srv/docker"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (304, errors.FailedPrecondition),
        (400, errors.InvalidArgument),
        (401, errors.PermissionDenied),
        (403, errors.PermissionDenied),
        (404, errors.NotFound),
        (409, errors.FailedPrecondition),
        (500, errors.Unknown),
        (503, errors.Unknown),
    ],
)
def test_a_status_becomes_an_error_with_dockers_sentence(
    tmp_path: Path, status: int, kind: type[errors.ShimError]
) -> None:
    body = b"" if status == 304 else {"message": "no, because"}
    engine = FakeEngine({"thing": answer(status, b"" if status == 304 else body)})
    with connected(tmp_path, engine) as (session, _):
        with pytest.raises(errors.ShimError) as caught:
            ask(session)

        assert type(caught.value) is kind
        expected = "Not Modified" if status == 304 else "no, because"
        assert str(caught.value) == f"cannot do the thing: {expected}"


def test_a_redirect_is_an_error(tmp_path: Path) -> None:
    engine = FakeEngine({"thing": answer(301, Location="/other"), "other": answer(200, b"wrong")})
    with (
        connected(tmp_path, engine) as (session, _),
        pytest.raises(errors.Unknown, match="Moved Permanently"),
    ):
        ask(session)


def test_many_threads_never_wait_for_a_connection(tmp_path: Path) -> None:
    threads = 100
    barrier = threading.Barrier(threads)

    def answer_when_all_have_asked(connection: socket.socket) -> None:
        for _ in requests(connection):
            barrier.wait(60)
            connection.sendall(answer(200, b"fine"))

    outcomes: list[str] = []
    with negotiated(tmp_path, answer_when_all_have_asked) as session:
        workers = [
            threading.Thread(target=lambda: outcomes.append(ask(session))) for _ in range(threads)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    assert outcomes == ["fine"] * threads


def test_nothing_of_the_users_own_configuration_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text('{"auths": {"x": "y"}, "HttpHeaders": {"X-Secret": "1"}}')
    (tmp_path / "netrc").write_text("machine localhost login me password s3cret\n")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    engine = FakeEngine({"thing": answer(200, b"fine")})
    with connected(tmp_path, engine) as (session, _):
        ask(session)

    assert engine.seen[-1].headers.keys() == {"host", "accept-encoding"}
