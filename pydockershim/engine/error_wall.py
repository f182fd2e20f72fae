"""Translates the failures of dockerd and its socket into the classes of `pydockershim.errors`.

HTTP statuses and socket errors are translated here and nowhere else; the cause stays chained.
dockerd's messages are kept, because they are what a person can act on.
"""

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pydockershim import calls, errors
from pydockershim.engine.time_limits import TimeLimit


class ErrorResponse(Exception):
    """An answer other than 2xx: the HTTP status and dockerd's message. Never leaves this room."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.message = _message(body) or http.client.responses.get(status, f"HTTP status {status}")
        super().__init__(f"{status}: {self.message}")

    @property
    def is_about_version(self) -> bool:
        """Whether the engine does not support the API version of the request (any more)."""
        return self.status == http.client.BAD_REQUEST and "client version" in self.message


_BY_STATUS: dict[int, type[errors.ShimError]] = {
    http.client.NOT_MODIFIED: errors.FailedPrecondition,
    http.client.BAD_REQUEST: errors.InvalidArgument,
    http.client.UNAUTHORIZED: errors.PermissionDenied,
    http.client.FORBIDDEN: errors.PermissionDenied,
    http.client.NOT_FOUND: errors.NotFound,
    http.client.CONFLICT: errors.FailedPrecondition,
}


@contextmanager
def wall(
    what: str,
    limit: TimeLimit,
    *,
    socket_path: str,
    statuses: Mapping[int, type[errors.ShimError]] | None = None,
) -> Iterator[None]:
    """Translate every failure of a call; `what` names the call in the error's sentence.

    `statuses` overrides the usual meaning of HTTP statuses. When the caller's deadline has passed
    or the caller has gone, that is the error, whatever failed.
    """
    try:
        yield
    except ErrorResponse as response:
        kind = {**_BY_STATUS, **(statuses or {})}.get(response.status, errors.Unknown)
        raise kind(f"cannot {what}: {response.message}") from response
    except TimeoutError as error:
        calls.current().check()
        raise errors.Unavailable(
            f"cannot {what}: the Docker engine at unix://{socket_path} did not answer "
            f"within {limit.seconds:g} s"
        ) from error
    except (FileNotFoundError, ConnectionRefusedError, PermissionError) as error:
        is_denied = isinstance(error, PermissionError)
        hint = "is pydockershim run as root?" if is_denied else "is dockerd running?"
        raise errors.Unavailable(
            f"cannot {what}: unix://{socket_path} cannot be reached ({error.strerror}); {hint}"
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        calls.current().check()
        raise errors.Unavailable(
            f"cannot {what}: the connection to unix://{socket_path} broke ({error!r})"
        ) from error


def _message(body: bytes) -> str:
    """Return the message of an error body, which is not always JSON."""
    text = body.decode(errors="replace").strip()
    try:
        message = json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        return text
    return str(message)
