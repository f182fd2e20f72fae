"""Calls to the engine, with the negotiated API version and features.

Negotiates on first use, and again after the engine has dropped a connection, answered a ping as
another server, or refused the API version (it was upgraded meanwhile).
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

from pydockershim.dockerapi import EngineFeatures, Json
from pydockershim.engine import time_limits
from pydockershim.engine.error_wall import ErrorResponse, wall
from pydockershim.engine.features import MINIMUM_API_VERSION, engine_features, negotiate
from pydockershim.engine.hijack import Hijacked, hijack
from pydockershim.engine.sdk_adapter import DockerClient, UnixAdapter
from pydockershim.engine.time_limits import TimeLimit, limited, time_limit_s
from pydockershim.engine.unix_http import UnixHttpConnection
from pydockershim.engine.urls import url_path
from pydockershim.errors import ShimError

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class _Negotiated:
    client: DockerClient
    features: EngineFeatures


class Session:
    """Owns the connection pool and the negotiated version; any number of threads may use it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._adapter = UnixAdapter(path, on_connection_dropped=self._forget)
        self._unversioned = DockerClient(self._adapter, api_version=MINIMUM_API_VERSION)
        self._negotiated: _Negotiated | None = None
        self._server = ""

    @property
    def features(self) -> EngineFeatures:
        """What the engine can do."""
        return self._current().features

    def renew(self) -> EngineFeatures:
        """Read the features again: the engine does not announce a reload of its configuration."""
        return self._negotiate().features

    def ping(self) -> None:
        """Return when the engine answers; detects a restarted or upgraded one."""
        with self._wall("ping the Docker engine", time_limits.PING):
            answer = self._unversioned.get(f"{self._unversioned.base_url}/_ping")
        before, self._server = self._server, answer.headers.get("Server", "")
        if before not in {"", self._server}:
            self._forget()

    def version(self) -> Json:
        """Return `/version`, which needs no negotiation."""
        with self._wall("read the Docker engine's version", time_limits.PING):
            version: Json = self._unversioned.version(api_version=False)
        return version

    def call(
        self,
        what: str,
        limit: TimeLimit,
        use: Callable[[DockerClient], T],
        *,
        statuses: Mapping[int, type[ShimError]] | None = None,
    ) -> T:
        """Call a method of the SDK's client; `what` names the call in the sentence of an error.

        `statuses` maps HTTP statuses to errors where the usual ones do not fit.
        """
        with self._wall(what, limit, statuses=statuses):
            try:
                return use(self._current().client)
            except ErrorResponse as response:
                if not response.is_about_version:
                    raise
            self._forget()
            return use(self._current().client)

    def call_apart(
        self, what: str, limit: TimeLimit, use: Callable[[UnixHttpConnection, str], T]
    ) -> T:
        """Call with a separate connection and the API version; `use` closes it if it succeeds."""

        def with_connection(client: DockerClient) -> T:
            connection = UnixHttpConnection(self._path, timeout_s=time_limit_s(limit))
            ending = connection.ending_with_caller() if limit.read else nullcontext()
            try:
                with ending:
                    return use(connection, client.api_version)
            except BaseException:
                connection.close()
                raise

        return self.call(what, limit, with_connection)

    def hijack(
        self,
        what: str,
        endpoint: str,
        *,
        body: Json | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Hijacked:
        """POST to an endpoint that hands its connection over to a process."""

        def start(client: DockerClient) -> Hijacked:
            target = url_path(client.api_version, endpoint, **(parameters or {}))
            return hijack(self._path, target, body, timeout_s=time_limit_s(time_limits.START))

        return self.call(what, time_limits.START, start)

    def close(self) -> None:
        """Close the idle connections."""
        self._adapter.close()

    def _current(self) -> _Negotiated:
        return self._negotiated or self._negotiate()

    def _negotiate(self) -> _Negotiated:
        """Read version and features; concurrent threads each do so for themselves."""
        version = self.version()
        client = DockerClient(self._adapter, api_version=negotiate(version))
        with self._wall("read the Docker engine's features", time_limits.READ):
            info = client.info()
        features = engine_features(version, info, api_version=client.api_version)
        logger.info("the Docker engine is %s, API %s", features.server_version, client.api_version)
        self._negotiated = negotiated = _Negotiated(client, features)
        return negotiated

    @contextmanager
    def _wall(
        self,
        what: str,
        limit: TimeLimit,
        *,
        statuses: Mapping[int, type[ShimError]] | None = None,
    ) -> Iterator[None]:
        with wall(what, limit, socket_path=self._path, statuses=statuses), limited(limit):
            yield

    def _forget(self) -> None:
        self._negotiated = None
