"""What happens around every RPC: it is limited, logged, and its errors become status codes.

Written once for all methods of both services, so that a servicer method has only its own work.

- Reads always find a worker. Everything else may take long, so it is limited; beyond the limit the
  answer is RESOURCE_EXHAUSTED at once, and `Status` still works while a hundred pods are drained.
- One line per RPC: changes at info, reads and ExecSync at debug, a failure at warning unless it is
  NOT_FOUND (the kubelet often asks for what was just removed). Ids and durations, never a
  request's content.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import Message

from pydockershim import calls
from pydockershim.api.services import METHODS, CallKind, Method
from pydockershim.errors import ResourceExhausted, ShimError, Unsupported
from pydockershim.server.in_flight import InFlightChanges
from pydockershim.server.status_codes import code_of, details_of

logger = logging.getLogger(__name__)

WORKERS = 512
_BOUNDED_CALLS = 448  # the rest of the workers stays free for reads

# gRPC reports more than this as the time left of a call without a deadline.
_NO_DEADLINE_S = 1e9

_IDS = ("pod_sandbox_id", "container_id", "image_ref")

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"  # generic in its stubs alone


def generic_handlers(*servicers: object, changes: InFlightChanges) -> list[grpc.GenericRpcHandler]:
    """Return gRPC handlers for every CRI method under every service name.

    A method that no servicer defines answers UNIMPLEMENTED. `changes` counts the calls in progress
    that are neither reads nor streams.
    """
    dispatcher = _Dispatcher(changes)
    services: dict[str, dict[str, Handler]] = {}
    for method in METHODS:
        function = next(
            (getattr(each, method.name) for each in servicers if hasattr(each, method.name)),
            _not_implemented(method),
        )
        services.setdefault(method.service_name, {})[method.name] = dispatcher.handler(
            method, function
        )
    return [grpc.method_handlers_generic_handler(name, each) for name, each in services.items()]


class _Dispatcher:
    """Owns the limit that all calls except reads share."""

    def __init__(self, changes: InFlightChanges) -> None:
        self._changes = changes
        self._slots = threading.BoundedSemaphore(_BOUNDED_CALLS)

    def handler(self, method: Method, function: Callable[[Any], Any]) -> Handler:
        def unary(request: Message, context: grpc.ServicerContext) -> Any:
            with self._around(method, request, context) as messages:
                response = function(request)
                messages.append(response)
                return response

        def stream(request: Message, context: grpc.ServicerContext) -> Iterator[Any]:
            with self._around(method, request, context):
                messages = function(request)
                # From here on the subscriber knows that it gets every event.
                with suppress(grpc.RpcError):  # the client has gone
                    context.send_initial_metadata(())
                yield from messages

        make, behaviour = grpc.unary_unary_rpc_method_handler, unary
        if method.streams:
            make, behaviour = grpc.unary_stream_rpc_method_handler, stream
        return make(
            behaviour,
            request_deserializer=method.request.FromString,
            response_serializer=_serialized,
        )

    @contextmanager
    def _around(
        self, method: Method, request: Message, context: grpc.ServicerContext
    ) -> Iterator[list[Any]]:
        """Enter the call; the log line takes its ids from the messages in the list yielded."""
        messages, started_s = [request], time.monotonic()
        call = _call(method, context)
        try:
            with calls.entered(call), self._bounded(method):
                yield messages
        except ShimError as error:
            _log(method, messages, error, started_s=started_s)
            context.abort(code_of(error), details_of(str(error)))
        except Exception:
            reference = uuid.uuid4().hex[:8]
            logger.exception("%s failed, reference %s", _summary(method, messages), reference)
            context.abort(
                grpc.StatusCode.INTERNAL,
                f"internal error in pydockershim: search its log for reference {reference}",
            )
        else:
            _log(method, messages, None, started_s=started_s)

    @contextmanager
    def _bounded(self, method: Method) -> Iterator[None]:
        if method.kind is CallKind.READ:
            yield
            return
        if not self._slots.acquire(blocking=False):
            raise ResourceExhausted(
                f"too many calls in progress (limit {_BOUNDED_CALLS}); retry later"
            )
        try:
            with nullcontext() if method.kind is CallKind.STREAM else self._changes.track():
                yield
        finally:
            self._slots.release()


def _call(method: Method, context: grpc.ServicerContext) -> calls.Call:
    left_s = context.time_remaining()
    call = calls.Call(
        timeout_s=left_s if left_s < _NO_DEADLINE_S else None,
        service=method.service_name.split(".")[1],
    )
    if not context.add_callback(call.cancel):
        call.cancel()
    return call


def _serialized(response: Message | bytes) -> bytes:
    """Pass on what the view holds in wire form; serialise the rest."""
    return response if isinstance(response, bytes) else response.SerializeToString()


def _not_implemented(method: Method) -> Callable[[Any], Any]:
    def refuse(_request: Message) -> Iterable[Any]:
        raise Unsupported(f"{method.name} is not implemented by this version of pydockershim")

    return refuse


def _ids(message: Any) -> dict[str, str]:
    """Return the ids and names in a request or an answer, and none of its content."""
    found = {name: getattr(message, name) for name in _IDS if getattr(message, name, "")}
    config: Any = getattr(message, "config", None)
    if hasattr(message, "runtime_handler"):
        found["pod"] = f"{config.metadata.namespace}/{config.metadata.name}"
    elif hasattr(config, "metadata"):
        found["container"] = config.metadata.name
    image: Any = getattr(message, "image", None)
    if hasattr(image, "user_specified_image"):
        found["image"] = image.image
    return found


def _log(method: Method, messages: list[Any], error: ShimError | None, *, started_s: float) -> None:
    level = logging.INFO if method.kind is CallKind.CHANGE else logging.DEBUG
    outcome = "ok"
    if error is not None:
        code = code_of(error)
        level = level if code is grpc.StatusCode.NOT_FOUND else logging.WARNING
        outcome = f"{code.name}: {_on_one_line(str(error))}"
    if not logger.isEnabledFor(level):
        return
    took_ms = (time.monotonic() - started_s) * 1000
    logger.log(level, "%s in %.1f ms: %s", _summary(method, messages), took_ms, outcome)


def _summary(method: Method, messages: list[Any]) -> str:
    ids = {name: value for message in messages for name, value in _ids(message).items()}
    named = (f"{name}={_on_one_line(value)}" for name, value in ids.items())
    return " ".join((method.name, *named))


def _on_one_line(text: str) -> str:
    """Return what a client sent so that it can neither forge a log line nor flood the log."""
    return "".join(char if char.isprintable() else "?" for char in details_of(text))
