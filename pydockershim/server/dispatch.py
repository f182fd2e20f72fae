"""What happens around every RPC: the call is entered, bounded, logged, and its errors are coded.

Written once for all methods of both services, so that a servicer method is only what is its own.

- Reads are answered from memory and always find a worker. Everything else may take long, so it is
  bounded; beyond the bound the answer is RESOURCE_EXHAUSTED at once, and `Status` goes on working
  while a hundred pods are drained.
- One line per RPC: changes at info, reads and ExecSync at debug, a failure at warning unless it is
  NOT_FOUND (the kubelet asks for what has just gone all the time). Ids and durations, never a
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
from pydockershim.api.services import METHODS, Method
from pydockershim.errors import ResourceExhausted, ShimError, Unsupported
from pydockershim.server.in_flight import InFlightChanges
from pydockershim.server.status_codes import code_of, details_of

logger = logging.getLogger(__name__)

WORKERS = 512
_LONG_CALLS = 448  # the rest of the workers stays free for reads

# What gRPC gives as the time left of a call without a deadline is beyond this.
_NO_DEADLINE_S = 1e9

# Beginnings of method names.
_READS = (
    "List",
    "Status",
    "Version",
    "RuntimeConfig",
    "PodSandboxStat",
    "ContainerStat",
    "ImageStatus",
    "ImageFsInfo",
    "Stream",
)
_QUIET = (*_READS, "ExecSync", "GetContainerEvents")
_IDS = ("pod_sandbox_id", "container_id", "image_ref")

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"  # generic in its stubs alone


def generic_handlers(*servicers: object, changes: InFlightChanges) -> list[grpc.GenericRpcHandler]:
    """Return gRPC handlers for every CRI method under every service name.

    A method that no servicer defines answers UNIMPLEMENTED. `changes` counts the calls under way
    that are neither reads nor streams.
    """
    dispatcher = _Dispatcher(changes)
    services: dict[str, dict[str, Handler]] = {}
    for method in METHODS:
        function = next(
            (getattr(each, method.name) for each in servicers if hasattr(each, method.name)),
            _not_built(method),
        )
        services.setdefault(method.service, {})[method.name] = dispatcher.handler(method, function)
    return [grpc.method_handlers_generic_handler(name, each) for name, each in services.items()]


class _Dispatcher:
    """Owns the one bound that all long calls share."""

    def __init__(self, changes: InFlightChanges) -> None:
        self._changes = changes
        self._long_calls = threading.BoundedSemaphore(_LONG_CALLS)

    def handler(self, method: Method, function: Callable[[Any], Any]) -> Handler:
        def unary(request: Message, context: grpc.ServicerContext) -> Any:
            with self._around(method, request, context) as told:
                response = function(request)
                told.append(response)
                return response

        def stream(request: Message, context: grpc.ServicerContext) -> Iterator[Any]:
            with self._around(method, request, context):
                messages = function(request)
                # Whoever subscribes knows from now on that it hears everything.
                with suppress(grpc.RpcError):  # it has gone
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
        """Enter the call; the list yielded collects messages with ids for the log line."""
        told, started_s = [request], time.monotonic()
        call = _call(method, context)
        try:
            with calls.entered(call), self._bounded(method):
                yield told
        except ShimError as error:
            _log(method, told, started_s, error)
            context.abort(code_of(error), details_of(str(error)))
        except Exception:
            reference = uuid.uuid4().hex[:8]
            logger.exception("%s failed, reference %s", _words(method, told), reference)
            context.abort(
                grpc.StatusCode.INTERNAL,
                f"a fault in pydockershim; its log has the details under reference {reference}",
            )
        else:
            _log(method, told, started_s, None)

    @contextmanager
    def _bounded(self, method: Method) -> Iterator[None]:
        if method.name.startswith(_READS):
            yield
            return
        if not self._long_calls.acquire(blocking=False):
            raise ResourceExhausted(
                f"{_LONG_CALLS} calls are under way already; try again when some have ended"
            )
        try:
            with nullcontext() if method.streams else self._changes.one():
                yield
        finally:
            self._long_calls.release()


def _call(method: Method, context: grpc.ServicerContext) -> calls.Call:
    left_s = context.time_remaining()
    call = calls.Call(
        timeout_s=left_s if left_s < _NO_DEADLINE_S else None,
        service=method.service.split(".")[1],
    )
    if not context.add_callback(call.cancel):
        call.cancel()
    return call


def _serialized(response: Message | bytes) -> bytes:
    """Pass what the view holds ready on the wire; serialise the rest."""
    return response if isinstance(response, bytes) else response.SerializeToString()


def _not_built(method: Method) -> Callable[[Any], Any]:
    def refuse(_request: Message) -> Iterable[Any]:
        raise Unsupported(f"{method.name} is not offered by this version of pydockershim")

    return refuse


def _ids(message: Any) -> dict[str, str]:
    """Return what names the objects of a request or an answer, without any of their content."""
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


def _log(method: Method, told: list[Any], started_s: float, error: ShimError | None) -> None:
    level = logging.DEBUG if method.name.startswith(_QUIET) else logging.INFO
    outcome = "ok"
    if error is not None:
        code = code_of(error)
        level = level if code is grpc.StatusCode.NOT_FOUND else logging.WARNING
        outcome = f"{code.name}: {_on_one_line(str(error))}"
    if not logger.isEnabledFor(level):
        return
    took_ms = (time.monotonic() - started_s) * 1000
    logger.log(level, "%s in %.1f ms: %s", _words(method, told), took_ms, outcome)


def _words(method: Method, told: list[Any]) -> str:
    ids = {name: value for message in told for name, value in _ids(message).items()}
    named = (f"{name}={_on_one_line(value)}" for name, value in ids.items())
    return " ".join((method.name, *named))


def _on_one_line(text: str) -> str:
    """Return what a client sent so that it can neither forge a line of the log nor flood it."""
    return "".join(char if char.isprintable() else "?" for char in details_of(text))
