"""Answers of dockerd that are too long or too slow for the pool: each has its own connection.

Pulls, loads and events are streams of JSON messages. Only the end of an answer ends the iteration;
a broken connection raises.
"""

import http.client
import json
from collections.abc import Iterator, Mapping

from pydockershim.dockerapi import Json
from pydockershim.engine.error_wall import ErrorResponse
from pydockershim.engine.unix_http import UnixHttpConnection

_READ_SIZE = 64 * 1024


def send(
    connection: UnixHttpConnection,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> http.client.HTTPResponse:
    """Send a request and return as soon as its answer begins; ErrorResponse unless that is 2xx."""
    connection.request(method, url, body=body, headers=headers or {})
    answer = connection.getresponse()
    if answer.status >= http.client.MULTIPLE_CHOICES:
        raise ErrorResponse(answer.status, answer.read())
    return answer


def messages(answer: http.client.HTTPResponse) -> Iterator[Json]:
    """Yield the JSON messages of an answer; IncompleteRead or OSError if the connection breaks."""
    rest = b""
    while block := answer.read1(_READ_SIZE):
        *lines, rest = (rest + block).split(b"\n")
        for line in filter(bytes.strip, lines):
            yield json.loads(line)
    if rest.strip():
        yield json.loads(rest)


def failure(entry: Json) -> str | None:
    """Return dockerd's message if the entry reports a failure of the call; the status was 200."""
    detail = entry.get("errorDetail") or {}
    message: str | None = detail.get("message") or entry.get("error")  # the latter before 28
    return message
