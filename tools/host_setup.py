"""What `make demo` and `make run` need: a Docker Engine and a shim in front of it.

- A running engine is used as it is: DOCKER_HOST's, or the one at /var/run/docker.sock.
- If Docker is missing, it is installed from the distribution, with a message first.
- If no engine is running, a private one runs as long as the tool (private_engine.py).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker

from pydockershim.client.client import CriClient, CriError
from tools.background import SetupError, running, wait
from tools.interrupts import Interrupts
from tools.private_engine import answers, private_engine
from tools.progress import Progress

REPOSITORY = Path(__file__).parent.parent

_SYSTEM_SOCKET = "unix:///var/run/docker.sock"
_SERVICE_START_S = 20.0
_INTERRUPTED = 130  # a shell's exit code for Ctrl-C


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A running Docker Engine; `private` if it stops with the tool."""

    endpoint: str
    private: bool

    def client(self) -> docker.APIClient:
        """Return a new connection; the caller closes it."""
        return docker.APIClient(base_url=self.endpoint, version="auto", timeout=60)


def carry_out(work: Callable[[Progress, ExitStack], None]) -> int:
    """Do a tool's work, then undo what it put on the stack; return the exit code."""
    interrupts = Interrupts()
    progress = Progress(interrupts)
    try:
        with ExitStack() as stack:
            try:
                work(progress, stack)
            finally:
                interrupts.ignore()
    except KeyboardInterrupt:
        progress.say("\ninterrupted; everything is removed")
        return _INTERRUPTED
    except (SetupError, CriError) as error:
        progress.say(f"\nfailed: {error}")
        return 1
    return 0


@contextmanager
def folder(purpose: str) -> Iterator[Path]:
    """Make a temporary directory for the tool, and remove it at the end."""
    with tempfile.TemporaryDirectory(prefix=f"pydockershim-{purpose}-") as name:
        # Pods read it as other users.
        Path(name).chmod(0o755)
        yield Path(name)


def provide_engine(progress: Progress, stack: ExitStack, home: Path) -> Engine:
    """Find, install or start a Docker Engine; one that is started stops with the stack."""
    if endpoint := _reachable():
        with progress.step("look for a Docker Engine") as step:
            step.done = f"using Docker {_version(endpoint)} at {endpoint}"
        return Engine(endpoint=endpoint, private=False)
    if os.geteuid() != 0:
        raise SetupError("no Docker Engine is running: start one, or run this as root")
    if not shutil.which("dockerd"):
        _install(progress, "docker.io", why="Docker is not installed")
        if _systemd() and wait(lambda: _reachable() is not None, timeout_s=_SERVICE_START_S):
            return provide_engine(progress, stack, home)
    if not shutil.which("ip"):
        _install(progress, "iproute2", why="a private Docker Engine needs a bridge")
    with progress.step("start a private Docker Engine") as step:
        endpoint = stack.enter_context(private_engine(progress, home / "engine"))
        step.done = f"started a private Docker {_version(endpoint)}, which stops with this"
    return Engine(endpoint=endpoint, private=True)


def provide_shim(
    progress: Progress, stack: ExitStack, home: Path, *, engine: Engine, flags: Sequence[str] = ()
) -> str:
    """Start the shim of this checkout and return its endpoint; it stops with the stack."""
    endpoint = f"unix://{home}/cri.sock"
    command = [
        str(Path(sys.executable).with_name("pydockershim")),
        f"--container-runtime-endpoint={endpoint}",
        f"--docker-endpoint={engine.endpoint}",
        f"--cri-dockerd-root-directory={home}/state",
        "--network-plugin=docker",
        *flags,
    ]
    with progress.step("start the shim") as step:
        stack.enter_context(
            running(
                "the shim",
                command,
                log=home / "shim.log",
                ready=lambda: _serves(endpoint),
                progress=progress,
            )
        )
        step.done = f"the shim serves at {endpoint}"
    return endpoint


def busybox() -> Path:
    """Return a static busybox: this machine's, or the distribution's, unpacked in build/."""
    unpacked = REPOSITORY / "build" / "busybox-static"
    for candidate in (Path("/bin/busybox"), unpacked / "bin" / "busybox"):
        # A dynamically linked program names its loader in its first page.
        if candidate.exists() and b"/ld-linux" not in candidate.read_bytes()[:4096]:
            return candidate
    with tempfile.TemporaryDirectory() as download:
        # As root, apt would download as another user, who cannot write here.
        _apt("-o", "APT::Sandbox::User=root", "download", "busybox-static", folder=Path(download))
        unpacked.mkdir(parents=True, exist_ok=True)
        for package in Path(download).glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, unpacked], check=True)
    return unpacked / "bin" / "busybox"


def _reachable() -> str | None:
    """Return the endpoint of a running engine."""
    named = os.environ.get("DOCKER_HOST", "")
    if named and not named.startswith("unix://"):
        raise SetupError(f"DOCKER_HOST={named}: the shim needs a unix socket on this machine")
    if answers(named or _SYSTEM_SOCKET):
        return named or _SYSTEM_SOCKET
    if named:
        raise SetupError(f"DOCKER_HOST={named} does not answer: start that engine, or unset it")
    return None


def _version(endpoint: str) -> str:
    with docker.APIClient(base_url=endpoint, timeout=5) as client:
        return str(client.version(api_version=False)["Version"])


def _serves(endpoint: str) -> bool:
    with CriClient(endpoint) as client:
        try:
            client.list_pod_sandboxes()
        except CriError:
            return False
        return True


def _systemd() -> bool:
    return Path("/run/systemd/system").is_dir()


def _install(progress: Progress, package: str, *, why: str) -> None:
    if not shutil.which("apt-get"):
        raise SetupError(f"{why}, and there is no apt-get: install {package} and try again")
    progress.say(f"   {why}: installing {package} with apt-get; it stays installed")
    with progress.step(f"install {package}") as step:
        _apt("install", "--yes", "--no-install-recommends", package)
        step.done = f"installed {package}"


def _apt(*arguments: str, folder: Path | None = None) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], arguments):
        result = subprocess.run(
            ["apt-get", "-qq", *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            # Ctrl-C must not reach it: packages would be left half installed.
            start_new_session=True,
        )
        if result.returncode:
            raise SetupError(f"apt-get {' '.join(command)} failed:\n{result.stderr.strip()}")
