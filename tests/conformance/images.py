"""The images that the suites ask for, by the names under which they ask.

All stand on one base, Debian's static busybox, and hold what the original of the name is used for,
nothing else. Two names of one recipe are one image with one id, which the original's are not: the
status of a container has to name the one that was asked for.
"""

import hashlib
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bed.cache import CACHE
from tests.conformance import userland
from tests.conformance.layout import Entry, Layout
from tests.conformance.programs import AGNHOST_FILES, Programs, say

_E2E = "registry.k8s.io/e2e-test-images"
_CRI_TOOLS = "gcr.io/k8s-staging-cri-tools"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_USERS = """\
root:x:0:0:root:/root:/bin/sh
www-data:x:33:33:www-data:/var/www:/bin/false
user-defined-in-image:x:1000:1000::/home:/bin/sh
default-user:x:1234:1234::/home:/bin/sh
nobody:x:65534:65534:nobody:/home:/bin/false
"""
_GROUPS = """\
root:x:0:
www-data:x:33:
users:x:100:
user-defined-in-image:x:1000:
group-defined-in-image:x:50000:user-defined-in-image
nogroup:x:65534:
"""
_PGREP = """\
#!/bin/sh
# pgrep NAME
for process in /proc/[0-9]*; do
  [ "$(cat "$process/comm" 2>/dev/null)" = "$1" ] && echo "${process#/proc/}"
done
exit 0
"""
_NGINX_CONF = """\
user root;
pid /run/nginx.pid;
events {}
http { access_log off; error_log stderr; server { listen %d; root /usr/share/nginx/html; } }
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image: its names, what it adds to the base, and its config."""

    names: tuple[str, ...]
    layers: tuple[tuple[Entry, ...], ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)


def prepare(programs: Programs) -> Layout:
    """Return the layout with all images, made first where it is not in the cache."""
    userland.prepare()
    layout = Layout(CACHE / "images" / f"{programs.directory.name}-{_fingerprint()}")
    if not (layout.directory / "index.json").exists():
        say(f"making the suites' images in {layout.directory}")
        base = tuple(_base(programs))
        for recipe in _recipes(programs):
            layout.add(
                recipe.names,
                layers=(base, *recipe.layers),
                config={"Env": [_PATH], "Cmd": ["sh"]} | dict(recipe.config),
                architecture=_ARCHITECTURES[platform.machine()],
            )
        layout.finish()
    return layout


def _recipes(programs: Programs) -> Iterable[Recipe]:
    yield Recipe(tuple(f"{_E2E}/busybox:{tag}" for tag in ("1.37.0-2", "1.36.1-1", "1.29-2")))
    yield Recipe((f"{_E2E}/ipc-utils:1.4",), layers=(_marker("ipc-utils"),))
    yield Recipe((f"{_E2E}/nonroot:1.5",), config={"User": "1234"})
    yield from _agnhost(programs)
    yield from _pause(programs)
    yield from _nonewprivs(programs)
    yield from _web_servers()
    yield from _critest()


def _agnhost(programs: Programs) -> Iterable[Recipe]:
    program = (
        *_files(programs, "agnhost", *AGNHOST_FILES),
        Entry("agnhost-2", link="agnhost"),
        Entry("uploads"),
    )
    yield Recipe(
        (
            *(f"{_E2E}/agnhost:{tag}" for tag in ("2.66.1", "2.55")),
            *(f"{_E2E}/{name}" for name in ("kitten:1.8", "nautilus:1.8")),
            f"{_E2E}/glibc-dns-testing:2.1.1",
            "gcr.io/k8s-authenticated-test/agnhost:2.6",
        ),
        layers=(_userland("curl", "socat"), program),
        config={"Entrypoint": ["/agnhost"], "Cmd": ["pause"]},
    )


def _pause(programs: Programs) -> Iterable[Recipe]:
    # agnhost's own pause: sleeps until SIGTERM, as the original.
    program = _files(programs, "agnhost")
    config = {"Entrypoint": ["/agnhost", "pause"], "Cmd": []}
    names = tuple(f"registry.k8s.io/pause:{tag}" for tag in ("3.10.2", "3.10.1", "3.10", "3.8"))
    yield Recipe(names, layers=(program,), config=config)
    # critest pulls this one from both of its registries.
    yield Recipe(
        ("registry.k8s.io/pause:3.9", "k8s.gcr.io/pause:3.9"),
        layers=(program, _marker("pause-3.9")),
        config=config,
    )


def _nonewprivs(programs: Programs) -> Iterable[Recipe]:
    setuid = Entry("usr/local/bin/nnp", content=programs["nnp"].read_bytes(), mode=0o4755)
    names = tuple(f"{_E2E}/nonewprivs:{tag}" for tag in ("1.4", "1.3"))
    yield Recipe(names, layers=((setuid,),), config={"Cmd": ["nnp"]})


def _web_servers() -> Iterable[Recipe]:
    serve = {"Cmd": ["nginx", "-g", "daemon off;"]}
    for names, port in (
        ((f"{_E2E}/nginx:1.28.0-2",), 80),
        ((f"{_E2E}/nginx:1.27.0-2",), 80),
        ((f"{_E2E}/nginx:1.14-2",), 80),
        ((f"{_CRI_TOOLS}/hostnet-nginx-amd64:latest",), 12003),
    ):
        layers = (_userland("nginx"), _nginx_site(port), _marker(names[0]))
        yield Recipe(names, layers=layers, config=serve)
    # critest wants to read the server's name in the log.
    command = ["sh", "-c", 'echo httpd -D FOREGROUND; exec nginx -g "daemon off;"']
    yield Recipe(
        (f"{_E2E}/httpd:2.4.39-4",),
        layers=(_userland("nginx"), _nginx_site(80), _marker("httpd")),
        config={"Cmd": command},
    )


def _critest() -> Iterable[Recipe]:
    for names in (
        ("test-image-latest:latest",),
        ("test-image-tag:test", "test-image-tag:all"),
        ("test-image-tags:1", "test-image-tags:2", "test-image-tags:3"),
        *((f"test-image-{number}:latest",) for number in (1, 2, 3)),
        ("test-image-digest:latest",),
    ):
        full_names = tuple(f"{_CRI_TOOLS}/{name}" for name in names)
        yield Recipe(full_names, layers=(_marker(names[0]),), config={"User": "root"})
    for name, user in {
        "test-image-user-uid": "1002",
        "test-image-user-username": "www-data",
        "test-image-user-uid-group": "1003:1004",
        "test-image-user-username-group": "www-data:1004",
        "test-image-predefined-group": "1000",
    }.items():
        yield Recipe((f"{_CRI_TOOLS}/{name}:latest",), config={"User": user})


def _base(programs: Programs) -> Iterable[Entry]:
    """Yield a merged /usr with every busybox applet, and the users and groups that specs name."""
    for path, mode in {"tmp": 0o1777, "var/tmp": 0o1777, "root": 0o700}.items():
        yield Entry(path, mode=mode)
    for path in ("dev", "etc", "home", "mnt", "proc", "run", "sys"):
        yield Entry(path)
    for name in ("bin", "sbin", "lib", "lib64"):
        yield Entry(f"usr/{name}")
        yield Entry(name, link=f"usr/{name}")
    yield Entry("var/run", link="/run")
    busybox = userland.program("busybox")
    yield Entry("usr/bin/busybox", content=busybox.read_bytes())
    for applet in userland.applets(busybox):
        if applet != "sh":
            yield Entry(f"usr/bin/{applet}", link="busybox")
    # Debian's busybox has a shell that runs its own applets, whatever is mounted over them, and
    # drops variables whose names are none in a shell; the originals' shells do neither.
    yield Entry("usr/bin/sh", link="bash")
    yield from _userland("bash", "ipcs")
    yield Entry("usr/bin/nmeter", content=programs["nmeter"].read_bytes())
    yield Entry("usr/bin/pgrep", content=_PGREP.encode())
    yield Entry("etc/passwd", content=_USERS.encode(), mode=0o644)
    yield Entry("etc/group", content=_GROUPS.encode(), mode=0o644)


def _userland(*names: str) -> tuple[Entry, ...]:
    files = userland.with_libraries(names)
    return tuple(Entry(path, content=source.read_bytes()) for path, source in sorted(files.items()))


def _files(programs: Programs, *names: str) -> tuple[Entry, ...]:
    return tuple(Entry(name, content=programs[name].read_bytes()) for name in names)


def _nginx_site(port: int) -> tuple[Entry, ...]:
    page = b"<title>Welcome to nginx!</title>It works!\n"
    return (
        Entry("etc/nginx/nginx.conf", content=(_NGINX_CONF % port).encode(), mode=0o644),
        Entry("usr/share/nginx/html/index.html", content=page, mode=0o644),
        Entry("var/lib/nginx"),
        Entry("var/log/nginx"),
    )


def _marker(name: str) -> tuple[Entry, ...]:
    """Return a layer that gives an image an id of its own."""
    return (Entry("etc/image-name", content=name.encode(), mode=0o644),)


def _fingerprint() -> str:
    sources = (Path(__file__), Path(userland.__file__), Path(__file__).with_name("layout.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
