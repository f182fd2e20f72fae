"""URLs of endpoints, and validation of the names in them.

A name that changes the meaning of a URL (`..`, a query) never reaches the engine.
"""

import re
from urllib.parse import urlencode

from pydockershim.errors import InvalidArgument, NotFound

_NS = 1_000_000_000
_ID = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_IMAGE = re.compile(r"[\w.:/@\[\]-]+", re.ASCII)


def url_path(api_version: str, path: str, /, **parameters: str) -> str:
    """Return the versioned path and query of an endpoint; `path` begins with a slash."""
    return f"/v{api_version}{path}?{urlencode(parameters)}"


def timestamp(time_ns: int) -> str:
    """Return a wall-clock time as an endpoint's parameter."""
    second, ns = divmod(time_ns, _NS)
    return f"{second}.{ns:09}"


def checked_id(value: str) -> str:
    """Return the id of a container or exec; NotFound when it cannot be one."""
    if not _ID.fullmatch(value):
        raise NotFound(f"no container or exec has the id {value!r}")
    return value


def checked_image_name(value: str) -> str:
    """Return the name or id of an image; InvalidArgument when it cannot be one."""
    if not _IMAGE.fullmatch(value) or not {"", ".", ".."}.isdisjoint(value.split("/")):
        raise InvalidArgument(f"{value!r} is not a valid image name or id")
    return value
