"""How a pull fails: Docker reports it as text in an answer that began with HTTP status 200."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from pydockershim import calls, errors
from pydockershim.dockerapi import Json
from pydockershim.engine.error_wall import ErrorResponse
from pydockershim.engine.unix_http import UnixHttpConnection

# What the registry answered, or why it did not; dockerd passes on text only. First match wins.
_REFUSED = re.compile(
    r"(?<!permission )denied|unauthorized|authentication required|basic auth|\b40[13] (Forb|resp)",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"manifest unknown|not found|no matching manifest|does not exist", re.IGNORECASE
)
_UNREACHABLE = re.compile(
    r"dial tcp|lookup |connection re(fused|set)|no such host|no route|unreachable|proxyconnect"
    r"|time(d )?out|deadline exceeded|server misbehaving|certificate|server gave HTTP response"
    r"|\b50[234] (Bad|Serv|Gate|resp)|\bEOF\b",
    re.IGNORECASE,
)
_RETRYING = "Retrying"


@contextmanager
def pull_errors(what: str, no_progress_s: float) -> Iterator[None]:
    """Translate failures of a pull into the errors of `ImageApi.pull`."""
    try:
        yield
    except ErrorResponse as response:
        if response.status == HTTPStatus.BAD_REQUEST:
            raise
        raise pull_error(what, response.message) from response
    except TimeoutError as error:
        calls.current().check()
        raise errors.DeadlineExceeded(
            f"cannot {what}: it made no progress for {no_progress_s:g} s and was aborted"
        ) from error


def pull_error(what: str, message: str) -> errors.ShimError:
    """Return the error for dockerd's message."""
    sentence = f"cannot {what}: {message}"
    if _REFUSED.search(message):
        return errors.PermissionDenied(sentence)
    if _MISSING.search(message):
        return errors.NotFound(sentence)
    if _UNREACHABLE.search(message):
        # COMPAT(kubelet): it looks for this prefix.
        return errors.Unknown(f"RegistryUnavailable: {sentence}")
    return errors.Unknown(sentence)


class ProgressTimeout:
    """Makes the connection time out a given time after the last progress.

    COMPAT(dockerd, containerd image store): it repeats the position in a layer ten times a second,
    also while no data arrives.
    """

    def __init__(self, connection: UnixHttpConnection, no_progress_s: float) -> None:
        self._connection = connection
        self._no_progress_s = no_progress_s
        self._deadline_s = time.monotonic() + no_progress_s
        self._last: dict[str, object] = {}
        self._limit_next_read()

    def watch(self, message: Json) -> None:
        """Count a message as progress unless dockerd only retries, or repeats itself."""
        status, layer = message.get("status", ""), message.get("id", "")
        reported = status, message.get("progressDetail")
        is_new = self._last.get(layer) != reported
        self._last[layer] = reported
        if is_new and not status.startswith(_RETRYING):
            self._deadline_s = time.monotonic() + self._no_progress_s
        self._limit_next_read()

    def _limit_next_read(self) -> None:
        left_s = calls.current().remaining_s(self._deadline_s - time.monotonic()) or 0
        if left_s <= 0:
            raise TimeoutError
        self._connection.set_timeout(left_s)
