"""The names of our containers: built here, parsed here, nowhere else.

A sandbox is `k8s_POD_<pod>_<namespace>_<uid>_<attempt>`, a container
`k8s_<container>_<pod>_<namespace>_<uid>_<attempt>`: the names that dockershim and cri-dockerd give,
so that a node can change shims with its pods running.

- A sandbox carries `_setup` behind its name until it is finished. The rename that takes it away is
  what makes the sandbox READY: one atomic step that survives a crash on either side of it.
- Names are unique; they are not the source of metadata. A part may itself hold `_`, so only the
  record of `labels.py` says which parts a name has; a name is split only when there is no record.

COMPAT(cri-dockerd): on a name conflict the peers append `_<8 hex digits>`; such a name is parsed.
"""

import re
from dataclasses import dataclass

from pydockershim.errors import InvalidArgument

PREFIX = "k8s_"
SANDBOX = "POD"
SETUP_SUFFIX = "_setup"

_ALLOWED = re.compile(r"[a-zA-Z0-9_.-]*")
_CONFLICT_SUFFIX = re.compile(r"[0-9a-f]{8}")
_ATTEMPT = re.compile(r"[0-9]{1,10}")
_LAST_ATTEMPT = 2**32 - 1  # a uint32 in the CRI
_PARTS = 5  # container, pod, namespace, uid, attempt


@dataclass(frozen=True)
class ParsedName:
    """The parts of a name without a record: cri-dockerd's or dockershim's container.

    `container` is `POD` for a sandbox.
    """

    container: str
    pod: str
    namespace: str
    uid: str
    attempt: int


def sandbox_name(*, pod: str, namespace: str, uid: str, attempt: int) -> str:
    """Return the final name of a sandbox; InvalidArgument when Docker cannot carry a part."""
    return container_name(container=SANDBOX, pod=pod, namespace=namespace, uid=uid, attempt=attempt)


def container_name(*, container: str, pod: str, namespace: str, uid: str, attempt: int) -> str:
    """Return the name of a container; InvalidArgument when Docker cannot carry a part."""
    parts = {"container name": container, "pod name": pod, "namespace": namespace, "uid": uid}
    for what, part in parts.items():
        if not _ALLOWED.fullmatch(part):
            raise InvalidArgument(
                f"the {what} {part!r} has a character that a Docker name cannot carry: "
                "use only letters, digits, '_', '.' and '-'"
            )
    return f"{PREFIX}{container}_{pod}_{namespace}_{uid}_{attempt}"


def setup_name(final_name: str) -> str:
    """Return the name that a sandbox has until it is finished."""
    return final_name + SETUP_SUFFIX


def without_setup(name: str) -> str:
    """Return the final name of a sandbox, whether it is finished or not."""
    return name.removesuffix(SETUP_SUFFIX)


def is_setup(name: str) -> bool:
    """Say whether the sandbox of this name is still in the making (or was left half made)."""
    return name.endswith(SETUP_SUFFIX)


def could_be_ours(name: str) -> bool:
    """Say whether a container of this name may be one of ours; the labels decide."""
    return name.startswith(PREFIX)


def parse(name: str) -> ParsedName | None:
    """Split a name that no record describes; None when it is not of our form."""
    parts = name.removeprefix(PREFIX).split("_")
    if len(parts) == _PARTS + 1 and _CONFLICT_SUFFIX.fullmatch(parts[-1]):
        parts.pop()
    if not could_be_ours(name) or len(parts) != _PARTS or not _ATTEMPT.fullmatch(parts[-1]):
        return None
    container, pod, namespace, uid, attempt = parts
    if not is_attempt(int(attempt)):
        return None
    return ParsedName(container, pod, namespace, uid, int(attempt))


def is_attempt(number: int) -> bool:
    """Say whether the CRI can carry a number as an attempt."""
    return 0 <= number <= _LAST_ATTEMPT
