"""What a pull's failure becomes, wherever in the answer dockerd puts it."""

import json
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pydockershim import calls, errors
from pydockershim.dockerapi import Json
from pydockershim.engine import pulls
from pydockershim.engine.auth import Credentials, registry_auth_header
from pydockershim.engine.engine import Engine
from tests.unit.engine.scripted import (
    FakeEngine,
    Server,
    answer,
    chunk,
    chunked_head,
    requests,
    serving,
)

DOWNLOADING = {"status": "Downloading", "id": "layer", "progressDetail": {"current": 1}}
FURTHER = {"status": "Downloading", "id": "layer", "progressDetail": {"current": 2}}
OTHER = {"status": "Downloading", "id": "other", "progressDetail": {"current": 1}}
RETRYING = {"status": "Retrying in 5 seconds", "id": "layer"}


def streamed(*records: Json, end: bytes = chunk(b"")) -> bytes:
    return chunked_head() + b"".join(map(streamed_record, records)) + end


def streamed_record(record: Json) -> bytes:
    return chunk(json.dumps(record).encode() + b"\r\n")


def pull(directory: Path, reply: bytes, *, cut: str = "", no_progress_s: float = 30) -> list[Json]:
    progress: list[Json] = []
    with serving(directory, FakeEngine({"create": reply}, cut=cut)) as server:
        pull_from(server, no_progress_s=no_progress_s, on_progress=progress.append)
    return progress


def pull_from(
    server: Server,
    *,
    tag: str = "1",
    no_progress_s: float = 30,
    on_progress: Callable[[Json], None] = lambda _record: None,
) -> None:
    with closing(Engine(server.path)) as engine:
        engine.images.pull(
            repository="registry.example/a",
            tag=tag,
            credentials=None,
            no_progress_s=no_progress_s,
            on_progress=on_progress,
        )


def test_progress_is_passed_on(tmp_path: Path) -> None:
    assert pull(tmp_path, streamed(DOWNLOADING, RETRYING)) == [DOWNLOADING, RETRYING]


@pytest.mark.parametrize(
    ("sentence", "kind", "prefix"),
    [
        ("dial tcp 10.0.0.1:443: connect: connection refused", errors.Unknown, True),
        ("dial tcp: lookup registry.example: no such host", errors.Unknown, True),
        ("net/http: TLS handshake timeout", errors.Unknown, True),
        ("received unexpected HTTP status: 503 Service Unavailable", errors.Unknown, True),
        ("pull access denied for a, repository does not exist", errors.PermissionDenied, False),
        ("unauthorized: authentication required", errors.PermissionDenied, False),
        ("no basic auth credentials", errors.PermissionDenied, False),
        ("unexpected status from HEAD request: 403 Forbidden", errors.PermissionDenied, False),
        ("Get: request canceled (Client.Timeout exceeded)", errors.Unknown, True),
        ("dial tcp 10.0.0.1:403: connect: no route to host", errors.Unknown, True),
        ("manifest for a:1 not found: manifest unknown", errors.NotFound, False),
        ("no matching manifest for linux/amd64", errors.NotFound, False),
        ("unknown blob", errors.Unknown, False),
        ("mkdir /var/lib/docker/x: permission denied", errors.Unknown, False),
        ("write /var/lib/docker/x: no space left on device", errors.Unknown, False),
    ],
)
@pytest.mark.parametrize("place", ["status", "record"])
def test_dockers_sentence_decides(
    tmp_path: Path, sentence: str, kind: type[errors.ShimError], place: str, *, prefix: bool
) -> None:
    failed = {"errorDetail": {"message": sentence}, "error": sentence}
    reply = answer(500, {"message": sentence}) if place == "status" else streamed(failed)

    with pytest.raises(errors.ShimError) as caught:
        pull(tmp_path, reply)

    assert type(caught.value) is kind
    expected = f"cannot pull registry.example/a:1: {sentence}"
    assert str(caught.value) == ("RegistryUnavailable: " if prefix else "") + expected


def test_an_error_names_the_image_as_it_was_asked_for(tmp_path: Path) -> None:
    digest = f"sha256:{'0' * 64}"

    with (
        serving(tmp_path, FakeEngine({"create": answer(404, {"message": "not found"})})) as server,
        pytest.raises(errors.NotFound, match=f"^cannot pull registry.example/a@{digest}: "),
    ):
        pull_from(server, tag=digest)


def test_a_bad_reference_is_the_callers_fault(tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidArgument, match="invalid reference format"):
        pull(tmp_path, answer(400, {"message": "invalid reference format"}))


def test_a_broken_connection_is_not_a_success(tmp_path: Path) -> None:
    with pytest.raises(errors.Unavailable, match="broke"):
        pull(tmp_path, streamed(DOWNLOADING, end=b""), cut="create")


@pytest.mark.parametrize("reply", [b"", streamed(DOWNLOADING, end=b"")], ids=["no head", "stuck"])
def test_a_pull_that_stands_still_is_given_up(tmp_path: Path, reply: bytes) -> None:
    with pytest.raises(errors.DeadlineExceeded, match=r"no progress for 0\.05 s"):
        pull(tmp_path, reply, no_progress_s=0.05)


@pytest.mark.parametrize(
    ("records", "seen"),
    [
        ([DOWNLOADING, *[RETRYING] * 8, DOWNLOADING, *[RETRYING] * 12], 1 + 8 + 1 + 9),
        ([DOWNLOADING, DOWNLOADING, FURTHER, *[DOWNLOADING, OTHER] * 9], 3 + 1 + 1 + 9),
    ],
    ids=["tried again", "said again"],
)
def test_what_is_no_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, records: list[Json], seen: int
) -> None:
    clock = Clock()
    monkeypatch.setattr(pulls, "time", clock)
    reply = streamed(*records)
    progress: list[Json] = []

    def a_second_passes(record: Json) -> None:
        clock.now_s += 1
        progress.append(record)

    with (
        serving(tmp_path, FakeEngine({"create": reply})) as server,
        pytest.raises(errors.DeadlineExceeded),
    ):
        pull_from(server, no_progress_s=10, on_progress=a_second_passes)

    assert len(progress) == seen


class Clock:
    """Stands for the module `time`."""

    now_s = 0.0

    def monotonic(self) -> float:
        """Return the time that the test has set."""
        return self.now_s


def test_a_pull_ends_with_the_deadline_of_its_caller(tmp_path: Path) -> None:
    with (
        serving(tmp_path, FakeEngine({"create": streamed(DOWNLOADING, end=b"")})) as server,
        calls.entered(calls.Call(timeout_s=0.2)),
        pytest.raises(errors.DeadlineExceeded, match="caller's deadline"),
    ):
        pull_from(server)


def test_a_pull_ends_with_its_caller(tmp_path: Path) -> None:
    call = calls.Call()
    engine = FakeEngine()

    def cancel_in_the_pull(connection: socket.socket) -> None:
        for request in requests(connection):
            if request.name == "create":
                call.cancel()
            else:
                connection.sendall(engine.answer(request))

    with (
        serving(tmp_path, cancel_in_the_pull) as server,
        calls.entered(call),
        pytest.raises(errors.Cancelled),
    ):
        pull_from(server, no_progress_s=3600)


def test_credentials_are_sent_with_their_own_pull_only(tmp_path: Path) -> None:
    fake = FakeEngine({"create": streamed()})
    credentials = Credentials(username="me", password=str(tmp_path))
    with serving(tmp_path, fake) as server:
        engine = Engine(server.path)
        for each in (None, credentials, None):
            engine.images.pull(repository="a", tag="1", credentials=each, no_progress_s=30)
        engine.close()

    sent = [request.headers.get("x-registry-auth") for request in fake.seen]
    assert [header for header in sent if header] == [registry_auth_header(credentials)]
    assert sent[-2:] == [registry_auth_header(credentials), None]
