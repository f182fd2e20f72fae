"""The second error wall: each class of `errors` becomes one gRPC status code, here only."""

import grpc

from pydockershim import errors

_CODES: dict[type[errors.ShimError], grpc.StatusCode] = {
    errors.InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.Cancelled: grpc.StatusCode.CANCELLED,
    errors.Unsupported: grpc.StatusCode.UNIMPLEMENTED,
    errors.Unknown: grpc.StatusCode.UNKNOWN,
}

# Clients bound the size of a response's trailers (8 KiB in gRPC's C core); Docker's runc errors can
# be longer, and percent-encoding makes them longer still.
_DETAILS_BYTES = 2048


def code_of(error: errors.ShimError) -> grpc.StatusCode:
    """Return the status code of an error, by its nearest class in the tree."""
    for kind in type(error).__mro__:
        if kind in _CODES:
            return _CODES[kind]
    return grpc.StatusCode.UNKNOWN


def details_of(message: str) -> str:
    """Return a message that fits into the trailers: cut in the middle, both ends kept."""
    raw = message.encode(errors="replace")
    if len(raw) <= _DETAILS_BYTES:
        return raw.decode()
    half = _DETAILS_BYTES // 2
    return f"{raw[:half].decode(errors='ignore')} ... {raw[-half:].decode(errors='ignore')}"
