"""The Docker engine on this host: all that the other rooms see of dockerd.

Every failure is an error of `pydockershim.errors`. dockerd may stop, start and be upgraded at any
time: nothing is sent before the first call, and features are read again after a lost connection.
"""

import json
import time
from collections.abc import Mapping, Sequence

from pydockershim.dockerapi import EngineFeatures, Json
from pydockershim.engine import json_stream, time_limits
from pydockershim.engine.container_api import ContainerApi
from pydockershim.engine.event_stream import EventStream
from pydockershim.engine.exec_api import ExecApi
from pydockershim.engine.image_api import ImageApi
from pydockershim.engine.session import Session
from pydockershim.engine.unix_http import UnixHttpConnection
from pydockershim.engine.urls import timestamp, url_path


class Engine:
    """A Docker engine; any number of threads may use it.

    A call that only reads ends with its caller: Cancelled or DeadlineExceeded. A change, once
    begun, runs to its end. Unavailable: the engine does not answer (in time).
    """

    def __init__(self, socket_path: str) -> None:
        self._session = Session(socket_path)
        self.containers = ContainerApi(self._session)
        self.execs = ExecApi(self._session)
        self.images = ImageApi(self._session)

    def close(self) -> None:
        """Close the idle connections."""
        self._session.close()

    @property
    def features(self) -> EngineFeatures:
        """What the engine can do; asks it unless that is known."""
        return self._session.features

    def renewed_features(self) -> EngineFeatures:
        """Ask again: dockerd may have reloaded its configuration, and have other runtimes now."""
        return self._session.renew()

    def ping(self) -> None:
        """Return when the engine answers, after at most 3 s; detects an upgraded engine."""
        self._session.ping()

    def version(self) -> Json:
        """Return `/version`."""
        return self._session.version()

    def info(self) -> Json:
        """Return `/info`."""
        return self._session.call(
            "read the Docker engine's info", time_limits.READ, lambda docker: docker.info()
        )

    def disk_usage(self) -> Json:
        """Return `/system/df`; may take minutes."""
        return self._session.call(
            "measure the disk usage", time_limits.DISK_USAGE, lambda docker: docker.df()
        )

    def events(self, *, filters: Mapping[str, Sequence[str]] | None = None) -> EventStream:
        """Subscribe to the events from now on; `filters` are the endpoint's."""
        # COMPAT(dockerd): it answers before it has subscribed; its history fills the gap.
        since = timestamp(time.time_ns())

        def subscribe(connection: UnixHttpConnection, api_version: str) -> EventStream:
            url = url_path(api_version, "/events", since=since, filters=json.dumps(filters or {}))
            return EventStream(connection, json_stream.send(connection, "GET", url))

        return self._session.call_apart("subscribe to the events", time_limits.READ, subscribe)
