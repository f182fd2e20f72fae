"""Keeps the store up to date: follows the engine's events, and closes every gap by listing.

    subscribe -> list -> inspect all -> store is fresh -> follow events, list again every minute
        ^                                                     |
        +--------- stream lost, or the engine is silent <-----+

- An event only says that an object may have changed; the engine is then asked about it. (The
  exceptions are `destroy`, for an id never comes back, and `oom`, which an inspect may never show.)
- A list only says where the store may be wrong; again the engine is asked about each such object.
  So neither a dropped event nor a truncated list can put anything wrong into the store.
- Each event stream has a thread that does nothing but read: dockerd slows down for all clients when
  a subscriber is slow. The reflector's own thread waits for no inspect.
- An object whose inspect gets no answer stays as it was (a new one as the list describes it), and
  its status is an error until a retry succeeds.
- Procedures refresh what they change, so most events are debounced for 0.1 s and then cause no
  inspect. Only a container's exit, OOM kill and removal are handled at once.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass

from pydockershim import calls
from pydockershim.calls import Call
from pydockershim.dockerapi import ContainerSummary, Event
from pydockershim.engine.engine import Engine
from pydockershim.engine.event_stream import EventStream
from pydockershim.errors import DeadlineExceeded, NotFound, ShimError, Unavailable
from pydockershim.labels import keys, schema
from pydockershim.view.image_cache import ImageCache
from pydockershim.view.items import Item, summary_name
from pydockershim.view.store import Store
from pydockershim.view.workqueue import WorkQueue

logger = logging.getLogger(__name__)

_OURS = {"label": [keys.TYPE]}
_IMAGE_EVENTS = {"type": ["image"]}
_CONTAINER_EVENTS = {
    **_OURS,
    "type": ["container"],
    # Not exec events: probes cause hundreds.
    "event": ["create", "start", "die", "oom", "destroy", "rename", "pause", "unpause", "update"],
}

_RELIST_S = 60.0
_RELISTS_PER_IMAGE_LIST = 5
_INSPECT_S = 10.0
_PATIENCE_S = 1.0  # the first sync does not wait longer for unanswered objects
_RETRY_S = 1.0

_DEBOUNCE_S = 0.1
_DRAIN_S = 0.05
_RETRY_INSPECT_S = 2.0

_IMAGES = "images"  # a key of the work queue beside container ids, and never one of them


@dataclass(frozen=True, slots=True, kw_only=True)
class _Delayed:
    """A key to add to the work queue later, at a time of the monotonic clock."""

    key: str
    since: int
    due_s: float


class _Answered:
    """The engine answers again for an object."""


_Inbox = queue.SimpleQueue[Event | ShimError | _Delayed | _Answered]


class Reflector:
    """The store's writer in the background; `start` it once, `stop` it at the end.

    `on_list` gets all objects after each list of the engine (if that makes the store fresh, before
    any client reads it), and when the engine answers again for an object.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        store: Store,
        image_cache: ImageCache,
        on_list: Callable[[list[Item]], None] = lambda _: None,
    ) -> None:
        self._engine = engine
        self._store = store
        self._image_cache = image_cache
        self._on_list = on_list
        self._workqueue = WorkQueue(self._fetch)
        self._inbox = _Inbox()
        self._delayed: dict[str, _Delayed] = {}
        self._unanswered: set[str] = set()
        self._reported = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reflector", daemon=True)

    def start(self) -> None:
        """Start; the store becomes fresh when the engine has answered."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, without waiting for the engine."""
        self._stopping.set()
        self.resync("pydockershim is shutting down")
        self._workqueue.close()

    def resync(self, reason: str) -> None:
        """The engine does not respond: the store is stale until a new subscription and list."""
        self._store.mark_stale(reason)
        self._inbox.put(Unavailable(reason))

    def _run(self) -> None:
        while not self._stopping.is_set():
            began_s = time.monotonic()
            try:
                self._follow()
            except ShimError as error:
                self._mark_stale(str(error))
            except Exception:  # a dead reflector would freeze the store
                logger.exception("the reflector failed unexpectedly; resyncing")
                self._mark_stale("an internal error in pydockershim")
            self._stopping.wait(began_s + _RETRY_S - time.monotonic())

    def _mark_stale(self, reason: str) -> None:
        self._store.mark_stale(reason)
        if reason != self._reported and not self._stopping.is_set():
            logger.warning("the cached view of the engine is stale: %s", reason)
        self._reported = reason

    def _follow(self) -> None:
        """Bring the store up to date and follow events; a lost event stream raises an error."""
        self._inbox = inbox = _Inbox()
        self._delayed.clear()
        with ExitStack() as streams:
            for filters in (_CONTAINER_EVENTS, _IMAGE_EVENTS):
                stream = streams.enter_context(closing(self._engine.events(filters=filters)))
                reader = threading.Thread(
                    target=_read, args=(stream, inbox), name="events", daemon=True
                )
                reader.start()
            self._image_cache.mark_stale("not listed since the event stream was lost")
            self._add(_IMAGES)
            self._relist(everything=True)
            self._workqueue.wait([_IMAGES], patience_s=_PATIENCE_S)
            while not inbox.empty():
                self._handle(inbox.get())
            self._on_list(self._store.items())
            self._await_logs()
            self._store.mark_fresh()
            self._reported = ""
            logger.info("the view of the engine is up to date")
            self._follow_events(inbox)

    def _await_logs(self) -> None:
        """Wait briefly for the logs of recently exited containers.

        Their exits may have been reported before a restart, and must not be reverted.
        """
        deadline_s = time.monotonic() + _PATIENCE_S
        while draining := [each.id for each in self._store.items() if each.draining]:
            for key in draining:
                self._add(key)
            self._workqueue.wait(draining, patience_s=_PATIENCE_S)
            if time.monotonic() > deadline_s or self._stopping.wait(_DRAIN_S):
                return

    def _follow_events(self, inbox: _Inbox) -> None:
        relists, relist_s = 0, time.monotonic() + _RELIST_S
        while not self._stopping.is_set():
            due_s = min((relist_s, *(each.due_s for each in self._delayed.values())))
            with suppress(queue.Empty):
                self._handle(inbox.get(timeout=max(0, due_s - time.monotonic())))
            self._add_due()
            if time.monotonic() < relist_s:
                continue
            relists, relist_s = relists + 1, time.monotonic() + _RELIST_S
            self._relist(everything=False)
            self._on_list(self._store.items())
            if relists % _RELISTS_PER_IMAGE_LIST == 0:
                self._add(_IMAGES)

    def _handle(self, entry: Event | ShimError | _Delayed | _Answered) -> None:
        if isinstance(entry, ShimError):
            raise entry
        if isinstance(entry, _Answered):
            self._on_list(self._store.items())
        elif isinstance(entry, _Delayed):
            self._delayed[entry.key] = entry
        elif entry["Type"] == "image":
            self._add(_IMAGES)
        elif entry["Action"] == "destroy":
            self._store.forget(entry["Actor"]["ID"])
        elif entry["Action"] == "die":
            self._add(entry["Actor"]["ID"])
        elif entry["Action"] == "oom":
            self._store.note_oom_kill(entry["Actor"]["ID"])
            self._add(entry["Actor"]["ID"])
        else:
            self._handle(self._delay(_DEBOUNCE_S, entry["Actor"]["ID"]))

    def _delay(self, delay_s: float, key: str) -> _Delayed:
        return _Delayed(key=key, since=self._store.tick(), due_s=time.monotonic() + delay_s)

    def _add_due(self) -> None:
        for each in tuple(self._delayed.values()):
            if each.due_s <= time.monotonic():
                del self._delayed[each.key]
                self._workqueue.add(each.key, each.since)

    def _add(self, key: str) -> None:
        self._workqueue.add(key, self._store.tick())

    def _relist(self, *, everything: bool) -> None:
        """Compare the store with a list, and inspect what differs, or everything.

        Everything: wait for the answers, but not for unanswered objects.
        """
        with self._store.reading() as read:
            summaries = self._engine.containers.list(all=True, filters=_OURS)
            listed = {each["Id"]: each for each in summaries if _is_ours(each)}
            known = {each.id for each in self._store.items()}
            differing = [
                *(
                    key
                    for key, each in listed.items()
                    if everything or not self._store.matches(each)
                ),
                *(known - listed.keys()),
            ]
            for key in differing:
                self._add(key)
            if not everything:
                return
            for key in self._workqueue.wait(differing, patience_s=_PATIENCE_S) & listed.keys():
                # First, because its answer may arrive at this moment.
                self._unanswered.add(key)
                self._store.show_provisional(read, listed[key], reason="no answer yet")

    def _fetch(self, key: str, since: int) -> None:
        if key == _IMAGES:
            self._list_images()
        else:
            self._inspect(key, since)

    def _list_images(self) -> None:
        """List the images; a failure is retried soon, and containers stay fresh meanwhile."""
        try:
            self._image_cache.refresh()
        except ShimError as error:
            reason = str(error)
        except Exception:  # one malformed image must not block the others
            logger.exception("the image list cannot be read")
            reason = "an internal error in pydockershim"
        else:
            return
        logger.warning("the cached list of images is stale: %s", reason)
        self._image_cache.mark_stale(reason)
        self._inbox.put(self._delay(_RETRY_INSPECT_S, _IMAGES))

    def _inspect(self, container_id: str, since: int) -> None:
        try:
            with calls.entered(Call(timeout_s=_INSPECT_S)):
                item = self._store.refresh_since(container_id, since=since)
            if container_id in self._unanswered:
                self._unanswered.discard(container_id)
                self._inbox.put(_Answered())
            if item.draining:
                self._inbox.put(self._delay(_DRAIN_S, container_id))
        except NotFound:
            self._unanswered.discard(container_id)
        except DeadlineExceeded:
            self._show_provisional(container_id, f"no answer to an inspect within {_INSPECT_S:g} s")
        except ShimError as error:
            self._show_provisional(container_id, str(error))
        except Exception:  # one malformed container must not block the others
            logger.exception("container %s cannot be read into the view", container_id)
            self._show_provisional(container_id, "an internal error in pydockershim")

    def _show_provisional(self, container_id: str, reason: str) -> None:
        """Fall back to what a list says, and retry soon."""
        logger.warning("container %s is shown as last known: %s", container_id, reason)
        self._unanswered.add(container_id)
        with suppress(ShimError), self._store.reading() as read:
            wanted = {"id": [container_id]}
            for summary in self._engine.containers.list(all=True, filters=wanted):
                self._store.show_provisional(read, summary, reason=reason)
        self._inbox.put(self._delay(_RETRY_INSPECT_S, container_id))


def _read(stream: EventStream, inbox: _Inbox) -> None:
    """Pass on events until the stream ends, then the reason."""
    try:
        for event in stream:
            inbox.put(event)
    except ShimError as error:
        inbox.put(error)
    else:
        inbox.put(Unavailable("the Docker engine closed its event stream"))


def _is_ours(summary: ContainerSummary) -> bool:
    return schema.decode(summary_name(summary), summary["Labels"] or {}) is not None
