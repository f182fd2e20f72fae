"""The built-in pause program as an image that an engine can load.

It is for nodes that cannot get the configured pause image. This module only builds the image: it
does not talk to the engine, and it does not decide when the image is used.

- The program is pause/pause.c, built by `make pause`; the binaries are part of the package, and
  each is compared with pause/SHA256SUMS before it is used.
- The image is in Docker's own format (`docker save`): a manifest, a config and one layer. Engine
  20.10 reads no other; newer engines, with either image store, still read it.
- The build is reproducible: the same program gives the same bytes and the same image id.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from pydockershim.errors import FailedPrecondition

NAME = "pydockershim/pause:builtin"
"""The name of the loaded image."""

ARCHITECTURES = ("amd64", "arm64")
"""Supported architectures, as in the field `Arch` of the Engine's `GET /version`."""

_ENTRYPOINT = "/pause"
_FOLDER = files("pydockershim.pods") / "pause"


def image_tar(architecture: str) -> bytes:
    """Return the image for `architecture` as the body of `POST /images/load` (20 KiB).

    FailedPrecondition: there is no program for that architecture, or the installed one is damaged.
    """
    layer = _tar({_ENTRYPOINT.lstrip("/"): _program(architecture)})
    config = {
        # COMPAT(dockerd >= 28): the inspect of an image without a date lacks `Created` altogether.
        "created": "1970-01-01T00:00:00Z",
        "architecture": architecture,
        "os": "linux",
        "config": {"Entrypoint": [_ENTRYPOINT]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_sha256(layer)}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [NAME], "Layers": ["layer.tar"]}]
    return _tar(
        {"manifest.json": _json(manifest), "config.json": _json(config), "layer.tar": layer}
    )


def _program(architecture: str) -> bytes:
    if architecture not in ARCHITECTURES:
        raise FailedPrecondition(
            f"there is no built-in pause program for {architecture!r}, only for "
            f"{' and '.join(ARCHITECTURES)}: load the configured pause image into the engine"
        )
    name = f"pause-{architecture}"
    program = (_FOLDER / name).read_bytes()
    if _sha256(program) != _checksums()[name]:
        raise FailedPrecondition(
            f"the built-in pause program {name} differs from its checksum: reinstall pydockershim, "
            "or load the configured pause image into the engine"
        )
    return program


def _checksums() -> dict[str, str]:
    """Read SHA256SUMS: each line is a checksum, two spaces and a file name."""
    lines = (_FOLDER / "SHA256SUMS").read_text().splitlines()
    return {name: checksum for checksum, name in (line.split() for line in lines)}


def _tar(members: Mapping[str, bytes]) -> bytes:
    """Pack executable files; TarInfo's defaults are owner root and the date 1970."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o755
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
