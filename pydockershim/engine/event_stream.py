"""The engine's event stream, as an iterator that another thread can close."""

import http.client
from collections.abc import Iterator
from typing import cast

from pydockershim.dockerapi import Event
from pydockershim.engine.json_stream import messages
from pydockershim.engine.unix_http import UnixHttpConnection
from pydockershim.errors import Unavailable


class EventStream:
    """The events since it was opened; owns the connection.

    The iterating thread must only read and hand over: an engine whose events are not read slows
    down every call by 100 ms per event, and drops what does not fit.
    """

    def __init__(self, connection: UnixHttpConnection, answer: http.client.HTTPResponse) -> None:
        connection.set_timeout(None)
        self._connection = connection
        self._answer = answer
        self._closed = False

    def __iter__(self) -> Iterator[Event]:
        """Yield events until the engine ends the stream or `close`; Unavailable when it breaks."""
        try:
            for message in messages(self._answer):
                yield cast("Event", message)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if not self._closed:
                raise Unavailable("the Docker engine's event stream broke") from error
        finally:
            self._connection.close()

    def close(self) -> None:
        """Close the stream, from any thread."""
        self._closed = True
        self._connection.abort()
