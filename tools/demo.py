"""Run the pod of examples/pod.yaml through the shim, show what it does, and remove all of it.

    make demo    sets up the environment and calls this

See host_setup.py for where the Docker engine comes from.
"""

import http.client
import io
import platform
import socket
import subprocess
import sys
import tarfile
import time
from contextlib import ExitStack, closing, suppress
from http import HTTPStatus
from pathlib import Path

from docker.errors import NotFound

from pydockershim.api import runtime_v1 as cri
from pydockershim.client import this_node
from pydockershim.client.client import CriClient
from pydockershim.client.manifest import PlannedContainer, PodPlan, read_pod
from pydockershim.pods import builtin_pause
from tools import host_setup
from tools.background import SetupError
from tools.host_setup import Engine
from tools.progress import Progress

MANIFEST = host_setup.REPOSITORY / "examples" / "pod.yaml"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_PAGE_S = 10.0
_LOG_S = 10.0


def main() -> int:
    """Run the demo; the exit code says whether all of it worked."""
    started_s = time.monotonic()
    print("\npydockershim: a Kubernetes pod on a Docker Engine, through the CRI\n", flush=True)
    code = host_setup.carry_out(_demo)
    if code == 0:
        print(f"\ndone in {time.monotonic() - started_s:.0f} s, nothing is left behind")
    return code


def _demo(progress: Progress, stack: ExitStack) -> None:
    home = stack.enter_context(host_setup.folder("demo"))
    engine = host_setup.provide_engine(progress, stack, home)
    node = this_node.describe(volumes_root=home / "pods", logs_root=home / "logs")
    plan = read_pod(MANIFEST.read_text(), node)
    _provide_images(progress, stack, engine, plan)
    endpoint = host_setup.provide_shim(
        progress,
        stack,
        home,
        engine=engine,
        # An image that is already loaded: the demo needs no registry.
        flags=[f"--pod-infra-container-image={builtin_pause.NAME}"],
    )
    client = stack.enter_context(CriClient(endpoint))
    port = _free_host_port(progress, plan)
    this_node.provide(plan.host_paths)
    sandbox_id = _run_sandbox(progress, stack, client, plan)
    containers = {
        planned.name: _run_container(progress, client, sandbox_id, planned, plan)
        for planned in plan.containers
    }
    _show(progress, client, sandbox_id, containers, port)


def _provide_images(progress: Progress, stack: ExitStack, engine: Engine, plan: PodPlan) -> None:
    """Build the pod's image and load the pause image; remove both (the pause image if it is new).

    The pod's image is the demo's own: if it exists, a demo that was killed has left it.
    """
    (name,) = plan.images
    with progress.step(f"build the image {name}") as step, engine.client() as docker:
        before = {tag: image["Id"] for image in docker.images() for tag in image["RepoTags"] or ()}
        left = [before[name]] if name in before else []
        pause = [] if builtin_pause.NAME in before else [builtin_pause.NAME]
        stack.callback(_remove_images, progress, engine, [name, *pause, *left])
        repository, _, tag = name.rpartition(":")
        docker.import_image_from_data(
            _root_filesystem(), repository=repository, tag=tag, changes=["ENV PATH=/bin"]
        )
        architecture = _ARCHITECTURES[platform.machine()]
        docker.load_image(builtin_pause.image_tar(architecture))  # type: ignore[no-untyped-call]
        step.done = f"built the image {name} from Debian's busybox"


def _remove_images(progress: Progress, engine: Engine, names: list[str]) -> None:
    with progress.step("remove the images") as step, engine.client() as docker:
        for name in names:
            with suppress(NotFound):
                docker.remove_image(name)
        step.done = "removed the images"


def _root_filesystem() -> bytes:
    """Return a tar with busybox under all its names, and the directories that a pod mounts on."""
    busybox = host_setup.busybox()
    names = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(busybox, "bin/busybox")
        for name in set(names.split()) - {"busybox"}:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
        tmp = tarfile.TarInfo("tmp")
        tmp.type, tmp.mode = tarfile.DIRTYPE, 0o1777
        archive.addfile(tmp)
    return buffer.getvalue()


def _free_host_port(progress: Progress, plan: PodPlan) -> int:
    """Return the pod's hostPort; if it is in use, replace it by a free one."""
    (mapping,) = plan.sandbox.port_mappings
    for port in (mapping.host_port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                continue
            free = int(probe.getsockname()[1])
        if free != mapping.host_port:
            progress.say(f"   port {mapping.host_port} is in use: using {free}")
            mapping.host_port = free
        return free
    raise SetupError("there is no free port on this machine")


def _run_sandbox(progress: Progress, stack: ExitStack, client: CriClient, plan: PodPlan) -> str:
    metadata = plan.sandbox.metadata
    with progress.step("run the pod sandbox") as step:
        # Left behind by a demo that was killed.
        label = {"io.kubernetes.pod.uid": metadata.uid}
        for sandbox in client.list_pod_sandboxes(cri.PodSandboxFilter(label_selector=label)):
            client.remove_pod_sandbox(sandbox.id)
        sandbox_id = client.run_pod_sandbox(plan.sandbox)
        stack.callback(_remove_pod, progress, client, sandbox_id)
        step.done = f"pod {metadata.namespace}/{metadata.name} has sandbox {sandbox_id[:12]}"
    return sandbox_id


def _remove_pod(progress: Progress, client: CriClient, sandbox_id: str) -> None:
    with progress.step("stop and remove the pod") as step:
        client.stop_pod_sandbox(sandbox_id)
        client.remove_pod_sandbox(sandbox_id)
        step.done = "removed the pod and its containers"


def _run_container(
    progress: Progress,
    client: CriClient,
    sandbox_id: str,
    planned: PlannedContainer,
    plan: PodPlan,
) -> str:
    with progress.step(f"run container {planned.name}") as step:
        image = client.image_status(planned.image)
        if image is None:
            raise SetupError(f"the shim does not see the image {planned.image}")
        config = planned.for_image(image)
        container_id = client.create_container(sandbox_id, config, plan.sandbox)
        client.start_container(container_id)
        status = client.container_status(container_id).status
        state = cri.ContainerState.Name(status.state).removeprefix("CONTAINER_")
        step.done = f"container {planned.name} is {state}"
    return container_id


def _show(
    progress: Progress, client: CriClient, sandbox_id: str, containers: dict[str, str], port: int
) -> None:
    """Print what the pod looks like from outside and inside."""
    with progress.step("wait for the page"):
        page = _fetch(port)
    status = client.pod_sandbox_status(sandbox_id).status
    commands = {
        "writer": ["wget", "-qO-", "http://localhost:8080/"],
        "web": ["sh", "-c", "echo uid $(id -u) serves $(ls /www)"],
    }
    progress.say(f"\n   pod IP    {status.network.ip}")
    for name, command in commands.items():
        result = client.exec_sync(containers[name], command, timeout_s=10)
        if result.exit_code:
            raise SetupError(f"{' '.join(command)} in {name}: {result.stderr.decode()}")
        progress.say(f"   exec      {name}$ {' '.join(command)}")
        progress.say(f"             {result.stdout.decode().strip()}")
    for name, container_id in containers.items():
        progress.say(f"   log       {name}: {_last_line(client, container_id)}")
    progress.say(f"   hostPort  http://127.0.0.1:{port}/")
    progress.say(f"             {page}\n")


def _last_line(client: CriClient, container_id: str) -> str:
    """Return the last line of a container's CRI log file."""
    log = Path(client.container_status(container_id).status.log_path)
    deadline_s = time.monotonic() + _LOG_S
    while not (lines := log.read_text().splitlines()):
        if time.monotonic() > deadline_s:
            raise SetupError(f"the log {log} is still empty after {_LOG_S:g} s")
        time.sleep(0.05)
    return lines[-1]


def _fetch(port: int) -> str:
    """Return the page, once the pod has written it."""
    deadline_s = time.monotonic() + _PAGE_S
    while True:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
            try:
                connection.request("GET", "/")
                response = connection.getresponse()
                if response.status == HTTPStatus.OK:
                    return response.read().decode().strip()
                problem = f"status {response.status}"
            except (OSError, http.client.HTTPException) as error:
                problem = str(error)
        if time.monotonic() > deadline_s:
            raise SetupError(f"no page on port {port} within {_PAGE_S:g} s: {problem}")
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
