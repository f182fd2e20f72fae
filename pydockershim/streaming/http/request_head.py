"""Reads and answers the single HTTP request of a connection with h11, without I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import h11

from pydockershim.streaming.codec import Buffer

Headers = list[tuple[str, str]]


class HttpError(Exception):
    """Rejects a request; the response body is the message in plain text."""

    def __init__(self, *, status: HTTPStatus, message: str, headers: Headers | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or []


@dataclass(frozen=True, kw_only=True)
class RequestHead:
    """A request without its body; header names are in lower case."""

    method: str
    path: str
    headers: Headers

    def values(self, name: str) -> list[str]:
        """Return the values of a header, which may be repeated and hold comma-separated lists."""
        lines = [value for key, value in self.headers if key == name]
        return [value.strip() for line in lines for value in line.split(",") if value.strip()]

    def header_contains(self, name: str, word: str) -> bool:
        """Ignore case. COMPAT(Go): a substring is enough."""
        return any(word in value.lower() for value in self.values(name))


class HeadReader:
    """Parses the bytes of a connection until the request is complete, and formats responses."""

    def __init__(self, *, max_bytes: int) -> None:
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=max_bytes)
        self._request: h11.Request | None = None
        self._max_bytes = max_bytes
        self._fed_bytes = 0

    def feed(self, data: Buffer) -> RequestHead | None:
        """Return the head once it is complete; HttpError if the request is invalid."""
        self._fed_bytes += len(data)
        self._http.receive_data(bytes(data))
        try:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                self._request = event
                event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            status = HTTPStatus(error.error_status_hint)
            raise HttpError(status=status, message=f"invalid HTTP request: {error}") from error
        if self._request is None or event is h11.NEED_DATA:
            return None
        self._check(self._request, event)
        return RequestHead(
            method=self._request.method.decode(),
            path=self._request.target.decode().partition("?")[0],
            headers=[
                (name.decode(), value.decode("latin-1")) for name, value in self._request.headers
            ],
        )

    def _check(self, request: h11.Request, event: object) -> None:
        if request.http_version != b"1.1":
            raise HttpError(status=HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, message="use HTTP/1.1")
        if not isinstance(event, h11.EndOfMessage):
            raise HttpError(
                status=HTTPStatus.BAD_REQUEST, message="the request must not have a body"
            )
        if (
            self._fed_bytes - len(self.leftover) > self._max_bytes
        ):  # h11 checks incomplete ones only
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise HttpError(
                status=status, message=f"the request head exceeds {self._max_bytes} bytes"
            )

    @property
    def leftover(self) -> bytes:
        """The bytes after the head: they belong to the upgraded protocol."""
        return self._http.trailing_data[0]

    def switch_protocols(self, headers: Mapping[str, str]) -> bytes:
        """Return the 101 response."""
        response = h11.InformationalResponse(
            status_code=HTTPStatus.SWITCHING_PROTOCOLS,
            reason=HTTPStatus.SWITCHING_PROTOCOLS.phrase,
            headers=[*headers.items()],
        )
        return self._http.send(response) or b""

    def error_response(self, error: HttpError) -> bytes:
        """Return the response that rejects the request and closes the connection."""
        body = f"{error.message}\n".encode()
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
            *error.headers,
        ]
        response = h11.Response(
            status_code=error.status, reason=error.status.phrase, headers=headers
        )
        is_head = self._request is not None and self._request.method == b"HEAD"
        content = h11.Data(b"" if is_head else body)
        pieces = [self._http.send(event) for event in (response, content, h11.EndOfMessage())]
        return b"".join(piece for piece in pieces if piece)
