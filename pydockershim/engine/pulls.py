"""Pulling an image: the only call whose failure comes as a text in the middle of a success."""

import re
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus

from pydockershim import calls, errors
from pydockershim.dockerapi import Json
from pydockershim.engine.refusals import Refusal
from pydockershim.engine.streams import failure, records, send
from pydockershim.engine.transport import Connection

# What the registry said, or why it could not; dockerd passes only sentences on. First match wins.
_REFUSED = re.compile(r"denied|unauthorized|authentication required|basic auth|\b40[13]\b")
_MISSING = re.compile(r"manifest unknown|not found|no matching manifest|does not exist")
_UNREACHABLE = re.compile(
    r"dial tcp|lookup |connection re(fused|set)|no such host|no route|unreachable|proxyconnect"
    r"|time(d )?out|deadline exceeded|server misbehaving|certificate|server gave HTTP response"
    r"|\b50[234]\b|\bEOF\b"
)
_RETRYING = "Retrying"


def pull(
    connection: Connection,
    url: str,
    *,
    what: str,
    headers: Mapping[str, str],
    no_progress_s: float,
    on_progress: Callable[[Json], None],
) -> None:
    """Send the request and read its records to the end; `what` names the pull in an error.

    The errors are those of `Engine.pull_image`. Closing the connection ends the pull.
    """
    patience = _Patience(connection, no_progress_s)
    try:
        for record in records(send(connection, "POST", url, headers=headers)):
            if message := failure(record):
                raise _error(what, message)
            if not record.get("status", "").startswith(_RETRYING):
                patience.renew()
            patience.spend()
            on_progress(record)
    except Refusal as refusal:
        if refusal.status == HTTPStatus.BAD_REQUEST:
            raise
        raise _error(what, refusal.message) from refusal
    except TimeoutError as error:
        calls.current().check()
        raise errors.DeadlineExceeded(
            f"cannot {what}: it made no progress for {no_progress_s:g} s and was given up"
        ) from error


def _error(what: str, message: str) -> errors.ShimError:
    """Return the error that dockerd's sentence stands for."""
    sentence = f"cannot {what}: {message}"
    if _REFUSED.search(message):
        return errors.PermissionDenied(sentence)
    if _MISSING.search(message):
        return errors.NotFound(sentence)
    if _UNREACHABLE.search(message):
        # COMPAT(kubelet): it looks for this prefix.
        return errors.Unknown(f"RegistryUnavailable: {sentence}")
    return errors.Unknown(sentence)


class _Patience:
    """Lets the connection time out a given time after the last sign of progress."""

    def __init__(self, connection: Connection, no_progress_s: float) -> None:
        self._connection = connection
        self._no_progress_s = no_progress_s
        self.renew()
        self.spend()

    def renew(self) -> None:
        self._end_s = time.monotonic() + self._no_progress_s

    def spend(self) -> None:
        """Let the next read wait for no longer than what is left."""
        left_s = self._end_s - time.monotonic()
        left_s = calls.current().remaining_s(left_s) or left_s
        if left_s <= 0:
            raise TimeoutError
        self._connection.set_timeout(left_s)
