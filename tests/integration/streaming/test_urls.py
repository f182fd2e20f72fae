"""URLs and the requests that use them: who gets a stream, and who is refused in plain words."""

import time
from contextlib import closing

import grpc
import pytest

from pydockershim.client.client import CriError
from tests.clients import http, spdy
from tests.clients.http import Refused
from tests.clients.remotecommand import RemoteCommand, SpdyCommand, read_to_end
from tests.clients.spdy import SpdyClient
from tests.clients.websocket import WebSocketClient
from tests.integration.streaming.conftest import STRICT
from tests.integration.streaming.sessions import StreamingSessions

ClientClass = type[RemoteCommand]

_TOO_OLD_S = STRICT["token_s"] + 0.1


def test_a_url_is_absolute_and_local(sessions: StreamingSessions) -> None:
    url = sessions.exec_url(["true"])
    assert url.startswith("http://127.0.0.1:")
    assert len(url.rpartition("/exec/")[2]) == 22


def test_a_url_serves_once(sessions: StreamingSessions, wire: ClientClass) -> None:
    url = sessions.exec_url(["true"])
    read_to_end(wire(url, {"stdout", "stderr"}))  # type: ignore[call-arg]
    for client in (SpdyClient, WebSocketClient):
        with pytest.raises(Refused) as refused:
            client(url)
        assert refused.value.answer.status == 404


def test_a_guess_is_not_found(sessions: StreamingSessions) -> None:
    base = sessions.exec_url(["true"]).rpartition("/")[0]
    for guess in ("A" * 22, "", "..", "%00"):
        with pytest.raises(Refused) as refused:
            SpdyClient(f"{base}/{guess}")
        assert refused.value.answer.status == 404


def test_a_token_of_another_kind_is_not_found(sessions: StreamingSessions) -> None:
    url = sessions.exec_url(["true"])
    with pytest.raises(Refused) as refused:
        SpdyClient(url.replace("/exec/", "/portforward/"))
    assert refused.value.answer.status == 404
    assert read_to_end(SpdyCommand(url, {"stdout", "stderr"})).exit_code == 0


def test_a_url_is_good_for_a_while(strict: StreamingSessions) -> None:
    url = strict.exec_url(["true"])
    time.sleep(_TOO_OLD_S)
    with pytest.raises(Refused) as refused:
        SpdyClient(url)
    assert refused.value.answer.status == 404


def test_too_many_urls_that_wait_are_refused_until_they_are_too_old(
    strict: StreamingSessions,
) -> None:
    time.sleep(_TOO_OLD_S)
    for _ in range(5):
        strict.exec_url(["true"])
    with pytest.raises(CriError, match="URLs are not used yet") as refused:
        strict.exec_url(["true"])
    assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    time.sleep(_TOO_OLD_S)
    assert read_to_end(SpdyCommand(strict.exec_url(["true"]), {"stdout", "stderr"})).exit_code == 0


def test_a_refused_websocket_leaves_the_url_to_spdy(sessions: StreamingSessions) -> None:
    url = sessions.exec_url(["true"])
    with pytest.raises(Refused) as refused:
        WebSocketClient(url, protocols=["v9.channel.k8s.io"])
    assert refused.value.answer.status == 403
    assert read_to_end(SpdyCommand(url, {"stdout", "stderr"})).exit_code == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 400),
        ([("Connection", "Upgrade"), ("Upgrade", "h2c")], 400),
        ([("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1")], 400),
        (
            [
                ("Connection", "Upgrade"),
                ("Upgrade", "SPDY/3.1"),
                ("X-Stream-Protocol-Version", "v5.channel.k8s.io"),
            ],
            403,
        ),
    ],
)
def test_what_cannot_be_agreed_upon_is_refused(
    sessions: StreamingSessions, method: str, headers: list[tuple[str, str]], status: int
) -> None:
    url = sessions.exec_url(["true"])
    with closing(http.connect(url)) as link, pytest.raises(Refused) as refused:
        http.upgrade(link, url, method, headers)
    answer = refused.value.answer
    assert answer.status == status
    assert answer.values("Connection") == ["close"]
    spoken = answer.values("X-Accepted-Stream-Protocol-Versions")
    assert spoken == ([*spdy.REMOTE_COMMAND] if status == 403 else [])


@pytest.mark.parametrize(
    "versions",
    [
        ["v5.channel.k8s.io", "v3.channel.k8s.io", "v4.channel.k8s.io"],
        ["v5.channel.k8s.io, v3.channel.k8s.io,v4.channel.k8s.io"],
    ],
)
def test_the_clients_first_version_that_is_spoken_wins(
    sessions: StreamingSessions, versions: list[str]
) -> None:
    client = SpdyClient(sessions.exec_url(["true"]), protocols=versions)
    assert client.protocol == "v3.channel.k8s.io"
    client.close()


@pytest.mark.parametrize("method", ["PUT", "HEAD", "OPTIONS"])
def test_another_method_is_not_allowed(sessions: StreamingSessions, method: str) -> None:
    with pytest.raises(Refused) as refused:
        SpdyClient(sessions.exec_url(["true"]), method=method)
    assert refused.value.answer.status == 405


def test_get_is_as_good_as_post_over_spdy(sessions: StreamingSessions) -> None:
    url = sessions.exec_url(["true"])
    assert read_to_end(SpdyCommand(url, {"stdout", "stderr"}, method="GET")).exit_code == 0


def test_a_head_without_an_end_is_too_large(sessions: StreamingSessions) -> None:
    url = sessions.exec_url(["true"])
    with closing(http.connect(url)) as link:
        link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + 2000 * b"X-Padding: yes\r\n")
        assert http.read_answer(link).status == 431


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_what_is_pipelined_behind_the_head_counts(sessions: StreamingSessions, size: int) -> None:
    # Whoever comes in pieces is read in pieces, and yet answered in one.
    command = ["sh", "-c", "read line; echo $line"]
    url = sessions.exec_url(command, stdin=True, stderr=False)
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "SPDY/3.1",
        "X-Stream-Protocol-Version": "v4.channel.k8s.io",
    }
    blocks = spdy.HeaderBlocks()
    sent = http.head(url, "POST", headers)
    for number, name in ((1, "error"), (3, "stdin"), (5, "stdout")):
        sent += blocks.syn_stream(number, {"streamtype": name})
    sent += spdy.data(3, b"all at once\n", fin=True)

    with closing(http.connect(url)) as link:
        for at in range(0, len(sent), size):
            link.sendall(sent[at : at + size])
        received = b""
        while b'"Success"' not in received:
            block = link.recv(65536)
            assert block, received
            received += block
    assert spdy.data(5, b"all at once\n") in received


def test_nothing_comes_behind_the_head_before_the_client_speaks(
    sessions: StreamingSessions,
) -> None:
    client = SpdyClient(sessions.exec_url(["true"]))
    client.connection.settimeout(0.5)
    with pytest.raises(TimeoutError):
        client.connection.recv(1)
    assert client.answer.rest == b""
    client.close()
