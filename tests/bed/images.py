"""Test images, made in Python and loaded as one tar: no registry, no build, some milliseconds.

All stand on one layer, Debian's static busybox with a few users and groups, and differ in their
configuration and in files of their own.
"""

import hashlib
import io
import json
import platform
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.bed.dockerd import Dockerd
from tests.bed.program import BedError

REPOSITORY = "pydockershim.test"


@dataclass(frozen=True, slots=True)
class Image:
    """A test image: its name, its Engine API config (`User`, `Cmd` ...) and files of its own.

    `files` maps absolute paths to contents; they are executable, as most are programs. `base=False`
    leaves busybox out.
    """

    name: str
    config: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    base: bool = True


BUSYBOX = Image(f"{REPOSITORY}/busybox:1", {"Cmd": ["sh"]})
USER_BY_ID = Image(f"{REPOSITORY}/user-by-id:1", {"User": "1000"})
USER_BY_NAME = Image(f"{REPOSITORY}/user-by-name:1", {"User": "www-data"})
EVERYTHING = Image(
    f"{REPOSITORY}/everything:1",
    {
        "Entrypoint": ["/bin/sh", "-c"],
        "Cmd": ["echo from-image; exec sleep 3600"],
        "Env": ["PATH=/usr/local/bin:/bin", "FROM_IMAGE=yes", "OVERRIDE=image"],
        "WorkingDir": "/srv/work",
    },
)
VOLUME = Image(f"{REPOSITORY}/volume:1", {"Cmd": ["sh"], "Volumes": {"/data": {}}})
HEALTHCHECK = Image(
    f"{REPOSITORY}/healthcheck:1",
    {
        "Cmd": ["sleep", "3600"],
        "Healthcheck": {"Test": ["CMD", "touch", "/healthchecked"], "Interval": 1_000_000_000},
    },
)
STOP_SIGNAL = Image(
    f"{REPOSITORY}/stop-signal:1",
    {
        "Entrypoint": ["/bin/sh", "-c"],
        "Cmd": ["trap 'exit 42' USR1; while :; do sleep 0.1; done"],
        "StopSignal": "SIGUSR1",
    },
)
HOSTILE_LABELS = Image(
    f"{REPOSITORY}/hostile-labels:1",
    {
        "Cmd": ["sleep", "3600"],
        "Labels": {
            "io.kubernetes.docker.type": "podsandbox",
            "io.kubernetes.sandbox.id": "0" * 64,
            "io.kubernetes.container.logpath": "/etc/passwd",
            "io.kubernetes.pod.name": "not-yours",
            "io.kubernetes.pod.namespace": "kube-system",
            "annotation.evil": "yes",
            "io.kubernetes.container.name": "POD",
            "io.pydockershim.record": '{"schema":1,"name":"k8s_POD_not-yours_kube-system_0_0"}',
        },
    },
)
ALL = (
    *(BUSYBOX, USER_BY_ID, USER_BY_NAME, EVERYTHING),
    *(VOLUME, HEALTHCHECK, STOP_SIGNAL, HOSTILE_LABELS),
)

_ENVIRONMENT = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
_FILES = {
    "etc/passwd": (
        "root:x:0:0:root:/root:/bin/sh\n"
        "www-data:x:33:33:www-data:/var/www:/bin/false\n"
        "default-user:x:1000:1000::/home:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/home:/bin/false\n"
    ),
    "etc/group": (
        "root:x:0:\n"
        "www-data:x:33:\n"
        "default-user:x:1000:\n"
        "group-defined-in-image:x:50000:default-user\n"
        "nogroup:x:65534:\n"
    ),
}
_DIRECTORIES = {"bin": 0o755, "etc": 0o755, "home": 0o755, "root": 0o700, "tmp": 0o1777}


def load(dockerd: Dockerd, images: Iterable[Image] = ALL) -> None:
    """Make the images and load them into an engine; one that is there already costs nothing."""
    archive = _archive(images, busybox=dockerd.engine.busybox)
    failures = [record for record in dockerd.api.load_image(archive) if "error" in record]
    if failures:
        raise BedError(f"docker load: {failures[0]['error']}")


def _archive(images: Iterable[Image], *, busybox: Path) -> bytes:
    """Return the tar that `docker load` takes: layers, configs and a manifest that joins them."""
    contents: dict[str, bytes] = {}
    manifest = []
    for image in images:
        layers = [_base_layer(busybox)] if image.base else []
        if image.files or not layers:
            layers.append(_layer_of(image.files))
        names = [f"{hashlib.sha256(layer).hexdigest()}.tar" for layer in layers]
        config = _config(image, diff_ids=[name.removesuffix(".tar") for name in names])
        config_name = f"{hashlib.sha256(config).hexdigest()}.json"
        contents |= {config_name: config, **dict(zip(names, layers, strict=True))}
        manifest.append({"Config": config_name, "RepoTags": [image.name], "Layers": names})
    contents["manifest.json"] = json.dumps(manifest).encode()
    return _tar(_file(name, content) for name, content in contents.items())


def _config(image: Image, *, diff_ids: list[str]) -> bytes:
    document = {
        "architecture": _architecture(),
        "os": "linux",
        "created": "2020-01-01T00:00:00Z",
        "config": {"Env": _ENVIRONMENT} | dict(image.config),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff_id}" for diff_id in diff_ids]},
        "history": [{"created_by": "pydockershim tests"} for _ in diff_ids],
    }
    return json.dumps(document, sort_keys=True).encode()


@cache
def _base_layer(busybox: Path) -> bytes:
    listing = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True)
    applets = [applet for applet in listing.stdout.split() if applet != "busybox"]
    return _tar(
        [
            *(_directory(name, mode) for name, mode in _DIRECTORIES.items()),
            *(_file(name, text.encode(), mode=0o644) for name, text in _FILES.items()),
            _file("bin/busybox", busybox.read_bytes()),
            *(_link(f"bin/{applet}", "bin/busybox") for applet in applets),
        ]
    )


def _layer_of(files: Mapping[str, bytes]) -> bytes:
    return _tar(_file(path.lstrip("/"), content) for path, content in files.items())


def _tar(entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for entry, content in entries:
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _file(name: str, content: bytes, *, mode: int = 0o755) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    return entry, content


def _directory(name: str, mode: int) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    return entry, b""


def _link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = tarfile.LNKTYPE, target, 0o755
    return entry, b""


def _architecture() -> str:
    """Name this machine as image configs do."""
    return {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
