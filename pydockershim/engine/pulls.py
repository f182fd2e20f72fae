"""Pulling an image: the only call whose failure comes as a text in the middle of a success."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus

from pydockershim import calls, errors
from pydockershim.dockerapi import Json
from pydockershim.engine.auth import Credentials, registry_auth_header
from pydockershim.engine.error_wall import ErrorResponse
from pydockershim.engine.json_stream import failure, records, send
from pydockershim.engine.session import Session
from pydockershim.engine.time_limits import TimeLimit
from pydockershim.engine.unix_http import UnixHttpConnection
from pydockershim.engine.urls import url_path

# What the registry said, or why it could not; dockerd passes only sentences on. First match wins.
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


def pull_image(
    session: Session,
    *,
    repository: str,
    tag: str,
    credentials: Credentials | None,
    no_progress_s: float,
    on_progress: Callable[[Json], None],
) -> None:
    """Pull as `Engine.pull_image` says. Closing the connection ends the pull in the engine."""
    what = f"pull {repository}{'@' if ':' in tag else ':'}{tag}"
    headers = {"X-Registry-Auth": registry_auth_header(credentials)} if credentials else {}

    def pull(connection: UnixHttpConnection, api_version: str) -> None:
        url = url_path(api_version, "/images/create", fromImage=repository, tag=tag)
        with closing(connection), _giving_up(what, no_progress_s):
            patience = _Patience(connection, no_progress_s)
            for record in records(send(connection, "POST", url, headers=headers)):
                patience.watch(record)
                on_progress(record)
                if message := failure(record):
                    raise _error(what, message)

    session.call_apart(what, TimeLimit(no_progress_s, read=True), pull)


@contextmanager
def _giving_up(what: str, no_progress_s: float) -> Iterator[None]:
    """Turn what ends a pull before its time into the errors of `Engine.pull_image`."""
    try:
        yield
    except ErrorResponse as response:
        if response.status == HTTPStatus.BAD_REQUEST:
            raise
        raise _error(what, response.message) from response
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
    """Lets the connection time out a given time after the last sign of progress.

    COMPAT(dockerd, containerd image store): it repeats how far a layer is ten times a second, also
    while nothing comes.
    """

    def __init__(self, connection: UnixHttpConnection, no_progress_s: float) -> None:
        self._connection = connection
        self._no_progress_s = no_progress_s
        self._end_s = time.monotonic() + no_progress_s
        self._said: dict[str, object] = {}
        self._limit_next_read()

    def watch(self, record: Json) -> None:
        """Count a record as progress unless dockerd only tries again, or repeats itself."""
        status, layer = record.get("status", ""), record.get("id", "")
        said = status, record.get("progressDetail")
        is_news = self._said.get(layer) != said
        self._said[layer] = said
        if is_news and not status.startswith(_RETRYING):
            self._end_s = time.monotonic() + self._no_progress_s
        self._limit_next_read()

    def _limit_next_read(self) -> None:
        left_s = calls.current().remaining_s(self._end_s - time.monotonic()) or 0
        if left_s <= 0:
            raise TimeoutError
        self._connection.set_timeout(left_s)
