"""A container's log as the engine sends it: multiplexed (`rawstream`) unless it has a TTY."""

import http.client
from collections.abc import Generator

from pydockershim.engine.unix_http import UnixHttpConnection
from pydockershim.engine.urls import timestamp
from pydockershim.errors import Unavailable

_BLOCK_BYTES = 64 * 1024


class LogStream:
    """The blocks of a log read; owns the connection."""

    def __init__(self, connection: UnixHttpConnection, answer: http.client.HTTPResponse) -> None:
        connection.set_timeout(None)
        self._connection = connection
        self._answer = answer

    def __iter__(self) -> Generator[bytes, None, None]:
        """Yield blocks until the log ends or `close`; Unavailable when the connection breaks."""
        try:
            while block := self._answer.read1(_BLOCK_BYTES):
                yield block
        except (OSError, http.client.HTTPException, ValueError) as error:
            if not self._connection.aborted:
                raise Unavailable("the Docker engine's log stream broke") from error
        finally:
            self._connection.close()

    def close(self) -> None:
        """Close the stream, from any thread."""
        self._connection.abort()


def log_parameters(*, since_ns: int, follow: bool) -> dict[str, str]:
    """Return the query of a read that begins with the first message not older than `since_ns`."""
    return {
        "stdout": "1",
        "stderr": "1",
        "timestamps": "1",
        "follow": str(int(follow)),
        "since": timestamp(since_ns),
    }
