"""Container names: built only here.

A sandbox is `k8s_POD_<pod>_<namespace>_<uid>_<attempt>`, a container
`k8s_<container>_<pod>_<namespace>_<uid>_<attempt>`: the names that dockershim and cri-dockerd use,
so that a node can change shims with its pods running.

- A sandbox has the suffix `_setup` until it is complete. The rename that removes the suffix is what
  makes the sandbox READY: one atomic step that survives a crash on either side of it.
- Names are unique; they are not the source of metadata. A part may itself hold `_`, so only the
  record says which parts a name has. Without a record, `cri_dockerd` splits the name.
"""

import re

from pydockershim.errors import InvalidArgument

PREFIX = "k8s_"
SANDBOX = "POD"
SETUP_SUFFIX = "_setup"

_ALLOWED = re.compile(r"[a-zA-Z0-9_.-]*")
_LAST_ATTEMPT = 2**32 - 1  # a uint32 in the CRI


def sandbox_name(*, pod: str, namespace: str, uid: str, attempt: int) -> str:
    """Return the final name of a sandbox; InvalidArgument when Docker does not allow a part."""
    return container_name(container=SANDBOX, pod=pod, namespace=namespace, uid=uid, attempt=attempt)


def container_name(*, container: str, pod: str, namespace: str, uid: str, attempt: int) -> str:
    """Return the name of a container; InvalidArgument when Docker does not allow a part."""
    parts = {"container name": container, "pod name": pod, "namespace": namespace, "uid": uid}
    for what, part in parts.items():
        if not _ALLOWED.fullmatch(part):
            raise InvalidArgument(
                f"the {what} {part!r} has a character that a Docker name cannot contain: "
                "use only letters, digits, '_', '.' and '-'"
            )
    return f"{PREFIX}{container}_{pod}_{namespace}_{uid}_{attempt}"


def setup_name(final_name: str) -> str:
    """Return the name that a sandbox has until it is complete."""
    return final_name + SETUP_SUFFIX


def without_setup(name: str) -> str:
    """Return the final name of a sandbox, whether it is complete or not."""
    return name.removesuffix(SETUP_SUFFIX)


def is_setup(name: str) -> bool:
    """Say whether the sandbox of this name is still being set up (or was left incomplete)."""
    return name.endswith(SETUP_SUFFIX)


def could_be_ours(name: str) -> bool:
    """Say whether a container of this name may be one of ours; the labels decide."""
    return name.startswith(PREFIX)


def is_attempt(number: int) -> bool:
    """Say whether a number is in the range of the CRI's attempts."""
    return 0 <= number <= _LAST_ATTEMPT
