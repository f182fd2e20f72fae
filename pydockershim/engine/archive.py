"""Reads one file of a container, running or not, through the archive endpoint."""

import base64
import io
import json
import tarfile
from contextlib import closing, suppress

from pydockershim.dockerapi import Json
from pydockershim.engine import time_limits
from pydockershim.engine.json_stream import send
from pydockershim.engine.session import Session
from pydockershim.engine.unix_http import UnixHttpConnection
from pydockershim.engine.urls import checked_id, url_path
from pydockershim.errors import FailedPrecondition, NotFound

_MAX_BYTES = 1024 * 1024
_TAR_OVERHEAD = 64 * 1024  # its headers (long names, extended attributes) and padding

# Go's os.FileMode, which differs from the kernel's.
_GO_SYMLINK = 1 << 27
_GO_NOT_REGULAR = 0x8F280000


def read_file(session: Session, container_id: str, path: str) -> bytes | None:
    """Return the content of a file; None unless there is a regular file at the path.

    NotFound: no such container. FailedPrecondition: the file is larger than 1 MiB.
    """
    try:
        return _read(session, container_id, path)
    except _SymbolicLink as link:
        with suppress(_SymbolicLink):
            return _read(session, container_id, link.path)
    return None


class _SymbolicLink(Exception):
    """The path is a symbolic link; `path` is its target, as dockerd resolves it."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def _read(session: Session, container_id: str, path: str) -> bytes | None:
    endpoint = f"/containers/{checked_id(container_id)}/archive"

    def read(connection: UnixHttpConnection, api_version: str) -> bytes | None:
        with closing(connection):
            return _read_regular_file(connection, url_path(api_version, endpoint, path=path))

    try:
        return session.call_apart(
            f"read {path} of container {container_id}", time_limits.READ, read
        )
    except NotFound as error:
        if "no such container" in str(error).lower():
            raise
        return None


def _read_regular_file(connection: UnixHttpConnection, url: str) -> bytes | None:
    answer = send(connection, "GET", url)
    info = _path_stat(answer.headers["X-Docker-Container-Path-Stat"])
    if info["mode"] & _GO_SYMLINK:
        raise _SymbolicLink(info["linkTarget"])
    if info["mode"] & _GO_NOT_REGULAR:
        return None
    if info["size"] > _MAX_BYTES:
        raise FailedPrecondition(
            f"the file {info['name']} in the container has {info['size']} bytes; "
            f"at most {_MAX_BYTES} can be read"
        )
    return _only_member(answer.read(_MAX_BYTES + _TAR_OVERHEAD))


def _path_stat(header: str) -> Json:
    info: Json = json.loads(base64.b64decode(header))
    return info


def _only_member(archive: bytes) -> bytes | None:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
        member = tar.next()
        content = tar.extractfile(member) if member else None
        return content.read() if content else None
