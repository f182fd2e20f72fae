"""Records what the version that is checked out leaves on a node, and what it answers.

In a checkout of cfd2f60, with this folder in its place:

    python -m tests.bed python -m tests.integration.upgrades.record
"""

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseDict

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient, CriError
from tests.bed import engines, images
from tests.bed.dockerd import Dockerd
from tests.bed.namespaces import PRIVATE
from tests.bed.shim import Shim
from tests.faults.proxy import Proxy, hanging
from tests.integration.pods import Pods
from tests.integration.upgrades.node import ASKED, FOLDER, LEFT, LOGS, replaced, reported
from tests.waiting import eventually

LINES = 4  # of all logs, before app-3 is told to continue


class RecordingSocket(socket.socket):
    """A client's connection that records what the client has sent."""

    received = b""

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Receive."""
        data = super().recv(bufsize, flags)
        self.received += data
        return data


class RecordingProxy(Proxy):
    """Records what the shim sends to the engine; each request has a connection of its own."""

    def __init__(self, upstream: Path, path: Path) -> None:
        super().__init__(upstream, path)
        self.sockets: list[RecordingSocket] = []

    def _serve(self, client: socket.socket) -> None:
        self.sockets.append(RecordingSocket(fileno=client.detach()))
        super()._serve(self.sockets[-1])

    def created(self) -> Iterator[tuple[str, Any]]:
        """Yield the name and the body of each container."""
        for each in self.sockets:
            head, _, body = each.received.decode().partition("\r\n\r\n")
            _, is_create, name = head.split(" HTTP/")[0].partition("/containers/create?name=k8s_")
            if is_create:
                yield f"k8s_{name}", json.loads(body)


def main() -> None:
    """Create the pods of asked.json, and write down the node."""
    with ExitStack() as stack:
        dockerd = stack.enter_context(Dockerd(engines.selected(), PRIVATE / "dockerd"))
        images.load(dockerd)
        proxy = stack.enter_context(RecordingProxy(dockerd.socket, PRIVATE / "proxy.sock"))
        shim = Shim(dockerd, PRIVATE / "shim", flags=[proxy.endpoint_flag])
        client = stack.enter_context(CriClient(stack.enter_context(shim).url))
        pods = Pods(client)
        pods.run()  # now it has a pause image, and knows which OOM scores it may set
        pods.close()
        proxy.sockets.clear()
        *whole, incomplete = ASKED.values()
        for pod in whole:
            make(client, pod)
        eventually(lambda: len(log_lines()) == LINES)
        with proxy.fault("POST .*/start", hanging):
            with suppress(CriError):
                make(client, incomplete)
            shim.kill()
        shim.start()
        write(dockerd, reported(client), list(proxy.created()), state=shim.state_directory)


def make(client: CriClient, pod: Any) -> None:
    """Create a pod and its containers, and leave them in the state of `left`."""
    config = ParseDict(pod["config"], cri.PodSandboxConfig())
    run = cri.RunPodSandboxRequest(config=config, runtime_handler=pod.get("runtime_handler", ""))
    sandbox_id = client.call(run, cri.RunPodSandboxResponse, timeout_s=5).pod_sandbox_id
    for each in pod.get("containers", {}).values():
        wanted = ParseDict(each["config"], cri.ContainerConfig())
        container_id = client.create_container(sandbox_id, wanted, config)
        if each["left"] != "created":
            client.start_container(container_id)
    if "update" in pod:
        update = cri.UpdatePodSandboxResourcesRequest(pod_sandbox_id=sandbox_id)
        client.call(ParseDict(pod["update"], update), cri.UpdatePodSandboxResourcesResponse)
    if pod["left"] == "stopped":
        client.stop_pod_sandbox(sandbox_id)


def log_lines() -> list[bytes]:
    """Return the lines of all logs."""
    return [line for path in LOGS.rglob("*.log") for line in path.read_bytes().splitlines()]


def write(dockerd: Dockerd, answers: Any, created: Sequence[Any], *, state: Path) -> None:
    """Write the folder, with placeholders for ids and addresses."""
    made = [each["Id"] for each in reversed(dockerd.api.containers(all=True))]
    values = {each: f"ID-{key}" for key, each in zip(LEFT, made, strict=True)}
    for sandbox_id, answer in answers["sandbox_statuses"].items():
        if address := answer["status"]["network"].get("ip"):
            values[address] = values[sandbox_id].replace("ID-", "IP-")
    values[created[0][1]["Image"]] = "IMAGE-pause"
    values[dockerd.api.inspect_image(images.BUSYBOX.name)["Id"]] = "IMAGE-busybox"
    objects = [
        {"key": key, "name": name, "body": body}
        for key, (name, body) in zip(LEFT, created, strict=True)
    ]
    files = {
        "created.json": pretty(objects),
        "answers.json": pretty(answers),
        **{f"state/{each.relative_to(state)}": each.read_text() for each in state.rglob("*.json")},
    }
    for container_id, answer in answers["container_statuses"].items():
        log = Path(answer["status"]["log_path"])
        if log.exists():
            files[f"logs/{container_id}.log"] = log.read_text()
    for name, text in files.items():
        target = FOLDER / replaced(name, values)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(replaced(text, values))


def pretty(document: Any) -> str:
    """Return a document as JSON for a person to read."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
