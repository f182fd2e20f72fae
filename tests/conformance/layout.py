"""Images on disk, as the OCI image layout has them: content-addressed blobs and an index of names.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md. Everything is reproducible:
the same content gives the same digests, on every machine and day.
"""

import hashlib
import io
import json
import stat
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"

_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
_REF_NAME = "org.opencontainers.image.ref.name"
_CREATED = "2020-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a layer: `content` is None for a directory; `link` makes it a symbolic link."""

    path: str
    content: bytes | None = None
    mode: int = 0o755
    link: str = ""


class Layout:
    """An image layout in a directory, written once and then only read."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._names: dict[str, str] = {}

    def add(
        self,
        names: Iterable[str],
        *,
        layers: Iterable[Iterable[Entry]],
        config: Mapping[str, Any],
        architecture: str,
    ) -> None:
        """Write an image and let these names lead to it; `config` is the OCI config's `config`."""
        blobs = [self._write(_tar(layer)) for layer in layers]
        document = {
            "architecture": architecture,
            "os": "linux",
            "created": _CREATED,
            "config": config,
            # An uncompressed layer's digest is its diff id.
            "rootfs": {"type": "layers", "diff_ids": [digest for digest, _ in blobs]},
            "history": [{"created": _CREATED} for _ in blobs],
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": _descriptor(_CONFIG_TYPE, self._write(_json(document))),
            "layers": [_descriptor(_LAYER_TYPE, blob) for blob in blobs],
        }
        digest, _ = self._write(_json(manifest))
        self._names |= dict.fromkeys(names, digest)

    def finish(self) -> None:
        """Write the index: with it, the layout is complete."""
        manifests = [
            _descriptor(MANIFEST_TYPE, (digest, self.blob(digest).stat().st_size))
            | {"annotations": {_REF_NAME: name}}
            for name, digest in self._names.items()
        ]
        (self.directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (self.directory / "index.json").write_bytes(
            _json({"schemaVersion": 2, "manifests": manifests})
        )

    def names(self) -> dict[str, str]:
        """Return what the index says: image name, to the digest of its manifest."""
        index = json.loads((self.directory / "index.json").read_text())
        return {entry["annotations"][_REF_NAME]: entry["digest"] for entry in index["manifests"]}

    def blob(self, digest: str) -> Path:
        """Return where a blob is, or would be."""
        return self.directory / "blobs" / digest.replace(":", "/")

    def _write(self, content: bytes) -> tuple[str, int]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.blob(digest).parent.mkdir(parents=True, exist_ok=True)
        self.blob(digest).write_bytes(content)
        return digest, len(content)


def _descriptor(media_type: str, blob: tuple[str, int]) -> dict[str, Any]:
    digest, size = blob
    return {"mediaType": media_type, "digest": digest, "size": size}


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True).encode()


def _tar(entries: Iterable[Entry]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for entry in entries:
            info = tarfile.TarInfo(entry.path)
            info.mode = stat.S_IMODE(entry.mode)
            info.type = _type_of(entry)
            info.linkname = entry.link
            info.size = len(entry.content or b"")
            tar.addfile(info, io.BytesIO(entry.content or b""))
    return buffer.getvalue()


def _type_of(entry: Entry) -> bytes:
    if entry.link:
        return tarfile.SYMTYPE
    return tarfile.DIRTYPE if entry.content is None else tarfile.REGTYPE
