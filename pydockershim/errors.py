"""The error classes: a flat tree that knows neither gRPC nor HTTP.

The engine's edge turns HTTP statuses into these classes, the gRPC edge turns these classes into
status codes. A message is a whole sentence for the person who reads it: what was wrong, with which
id, and what to do. It never holds a credential or the value of an environment variable.
"""


class ShimError(Exception):
    """Any error that is reported to a client or an operator; see the subclasses."""


class InvalidArgument(ShimError):
    """The request can never succeed as it stands; nothing was changed."""


class NotFound(ShimError):
    """No such sandbox, container, image or exec session."""


class AlreadyExists(ShimError):
    """The name is taken by something that must not be replaced."""


class FailedPrecondition(ShimError):
    """The request is valid, but the object or the host is not in the state that it needs."""


class PermissionDenied(ShimError):
    """A registry or the engine refused the credentials."""


class ResourceExhausted(ShimError):
    """A limit of the shim is reached (concurrent calls, pending tokens); retry later."""


class Unavailable(ShimError):
    """The engine does not answer, or the cached view of it may be wrong; try again."""


class DeadlineExceeded(ShimError):
    """The time limit of the caller or of this kind of call has passed."""


class Cancelled(ShimError):
    """The caller cancelled the request."""


class Unsupported(ShimError):
    """A part of the CRI that Docker does not support, or that is not implemented yet."""


class Unknown(ShimError):
    """The engine failed (HTTP 5xx) in a way that has no better name.

    COMPAT(kubelet): only this kind reaches the kubelet without a prefix, so the prefixes that it
    looks for (`RegistryUnavailable: `, `SignatureValidationFailed: `) work with no other class.
    """
