"""Transport to dockerd: HTTP/1.1 on its unix socket, one pool for all calls.

The docker SDK builds URLs and reads JSON. Its own transport keeps a pool per URL and supports
neither deadlines nor cancellation, so this adapter replaces it. `time_limits.current_limit` is the
kind of call. No redirects, no cookies, no environment. Answers other than 2xx raise
`ErrorResponse`, failures of the socket OSError or HTTPException.
"""

import http.client
import io
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext, suppress

import docker
import requests.adapters
from requests.structures import CaseInsensitiveDict

from pydockershim.engine.error_wall import ErrorResponse
from pydockershim.engine.time_limits import TimeLimit, current_limit, time_limit_s
from pydockershim.engine.unix_http import UnixHttpConnection

_IDLE_CONNECTIONS = 64  # more may be in use; the excess is closed after use


class DockerClient(docker.APIClient):
    """The SDK's client for one API version, over this transport.

    The SDK's constructor is bypassed: it would read this user's docker CLI configuration, send the
    headers from it, and fail on a malformed one.
    """

    def __init__(self, adapter: requests.adapters.BaseAdapter, *, api_version: str) -> None:
        requests.Session.__init__(self)
        self.headers.clear()
        self.trust_env = False
        self.mount("http+docker://", adapter)
        self.base_url = "http+docker://localhost"
        self.timeout = 0  # unused: the adapter has its own
        self._version = api_version
        self._general_configs: dict[str, object] = {}


class UnixAdapter(requests.adapters.BaseAdapter):
    """The transport under the SDK's client: exchanges whole requests for whole answers.

    `on_connection_dropped` is called when the engine has dropped a connection: it may have been
    restarted, with another configuration or version.
    """

    def __init__(self, path: str, *, on_connection_dropped: Callable[[], None]) -> None:
        super().__init__()
        self._path = path
        self._on_connection_dropped = on_connection_dropped
        self._idle: deque[UnixHttpConnection] = deque()

    def send(
        self, request: requests.PreparedRequest, *_: object, **_options: object
    ) -> requests.Response:
        """Send a request and return its answer; ErrorResponse when it is not 2xx.

        The SDK's other options are not needed: the time limit is that of the current call.
        """
        answer, body = self._exchange(request, current_limit())
        if answer.status >= http.client.MULTIPLE_CHOICES:
            raise ErrorResponse(answer.status, body)
        response = requests.Response()
        response.status_code = answer.status
        response.headers = CaseInsensitiveDict(answer.headers.items())
        response.raw = io.BytesIO(body)
        response.url = request.url or ""
        response.request = request
        return response

    def close(self) -> None:
        """Close the idle connections."""
        with suppress(IndexError):  # none left; another thread may have taken the last one
            while True:
                self._idle.pop().close()

    def _exchange(
        self, request: requests.PreparedRequest, limit: TimeLimit
    ) -> tuple[http.client.HTTPResponse, bytes]:
        timeout_s = time_limit_s(limit)
        if idle := self._take_idle():
            idle.set_timeout(timeout_s)
            try:
                return self._exchange_on(idle, request, limit)
            except (ConnectionError, http.client.HTTPException):
                if idle.aborted or not limit.read:
                    raise
            timeout_s = time_limit_s(limit)
        return self._exchange_on(
            UnixHttpConnection(self._path, timeout_s=timeout_s), request, limit
        )

    def _exchange_on(
        self, connection: UnixHttpConnection, request: requests.PreparedRequest, limit: TimeLimit
    ) -> tuple[http.client.HTTPResponse, bytes]:
        ending = connection.ending_with_caller() if limit.read else nullcontext()
        try:
            with ending:
                connection.request(
                    request.method or "GET",
                    request.path_url,
                    body=request.body,
                    headers=request.headers,
                )
                answer = connection.getresponse()
                body = answer.read()
        except BaseException as error:
            connection.close()
            if not connection.aborted and not isinstance(error, TimeoutError):
                self._lost()
            raise
        self._give_back(connection, reusable=not (answer.will_close or connection.aborted))
        return answer, body

    def _take_idle(self) -> UnixHttpConnection | None:
        try:
            connection = self._idle.pop()
        except IndexError:
            return None
        if connection.is_alive():
            return connection
        connection.close()
        self._lost()
        return None

    def _give_back(self, connection: UnixHttpConnection, *, reusable: bool) -> None:
        if reusable and len(self._idle) < _IDLE_CONNECTIONS:
            self._idle.append(connection)
        else:
            connection.close()

    def _lost(self) -> None:
        self.close()
        self._on_connection_dropped()
