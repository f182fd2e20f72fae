"""The head of the one HTTP request on a connection, read and answered with h11, without I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import h11

from pydockershim.streaming.wire import Buffer

Headers = list[tuple[str, str]]


class HttpRefusal(Exception):
    """The answer to a request that gets no stream; always in plain words."""

    def __init__(self, status: HTTPStatus, message: str, headers: Headers | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or []


@dataclass(frozen=True, kw_only=True)
class Head:
    """A request's head; names of headers are in small letters."""

    method: str
    path: str
    headers: Headers

    def values(self, name: str) -> list[str]:
        """Return a header's values: it may come several times, each with several, by commas."""
        lines = [value for key, value in self.headers if key == name]
        return [value.strip() for line in lines for value in line.split(",") if value.strip()]

    def has_word(self, name: str, word: str) -> bool:
        """Say whether a header contains a word, in any case. COMPAT(Go): a substring is enough."""
        return any(word in value.lower() for value in self.values(name))


class HeadReader:
    """Owns a connection until its request is there and answered."""

    def __init__(self, *, max_bytes: int) -> None:
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=max_bytes)
        self._request: h11.Request | None = None
        self._max_bytes = max_bytes
        self._fed_bytes = 0

    def feed(self, data: Buffer) -> Head | None:
        """Return the head once it is whole; HttpRefusal when it never will be a good one."""
        self._fed_bytes += len(data)
        self._http.receive_data(bytes(data))
        try:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                self._request = event
                event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            status = HTTPStatus(error.error_status_hint)
            raise HttpRefusal(status, f"not an HTTP request that can be read: {error}") from error
        if self._request is None or event is h11.NEED_DATA:
            return None
        self._check(self._request, event)
        return Head(
            method=self._request.method.decode(),
            path=self._request.target.decode().partition("?")[0],
            headers=[
                (name.decode(), value.decode("latin-1")) for name, value in self._request.headers
            ],
        )

    def _check(self, request: h11.Request, event: object) -> None:
        if request.http_version != b"1.1":
            raise HttpRefusal(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "use HTTP/1.1")
        if not isinstance(event, h11.EndOfMessage):
            raise HttpRefusal(HTTPStatus.BAD_REQUEST, "a request with a body")
        if self._fed_bytes - len(self.leftover) > self._max_bytes:  # h11 minds unfinished ones only
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise HttpRefusal(status, f"a head of more than {self._max_bytes} bytes")

    @property
    def leftover(self) -> bytes:
        """What came behind the head: it belongs to the protocol that is upgraded to."""
        return self._http.trailing_data[0]

    def switch_protocols(self, headers: Mapping[str, str]) -> bytes:
        """Return the answer that begins a stream."""
        answer = h11.InformationalResponse(
            status_code=HTTPStatus.SWITCHING_PROTOCOLS,
            reason=HTTPStatus.SWITCHING_PROTOCOLS.phrase,
            headers=[*headers.items()],
        )
        return self._http.send(answer) or b""

    def refuse(self, refusal: HttpRefusal) -> bytes:
        """Return the answer that ends the connection."""
        body = f"{refusal.message}\n".encode()
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
            *refusal.headers,
        ]
        answer = h11.Response(
            status_code=refusal.status, reason=refusal.status.phrase, headers=headers
        )
        is_head = self._request is not None and self._request.method == b"HEAD"
        content = h11.Data(b"" if is_head else body)
        pieces = [self._http.send(event) for event in (answer, content, h11.EndOfMessage())]
        return b"".join(piece for piece in pieces if piece)
