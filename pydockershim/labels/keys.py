"""The keys of the labels. All but `RECORD` are cri-dockerd's, so that either shim finds them."""

TYPE = "io.kubernetes.docker.type"
SANDBOX_ID = "io.kubernetes.sandbox.id"
LOG_PATH = "io.kubernetes.container.logpath"
CONTAINER_NAME = "io.kubernetes.container.name"
RECORD = "io.pydockershim.record"
ANNOTATION_PREFIX = "annotation."

TYPE_SANDBOX = "podsandbox"
TYPE_CONTAINER = "container"

_PRIVATE = frozenset({TYPE, SANDBOX_ID, LOG_PATH, RECORD})


def is_plain(key: str) -> bool:
    """Say whether a CRI label of this key can be a Docker label of the same key."""
    return bool(key) and key not in _PRIVATE and not key.startswith(ANNOTATION_PREFIX)
