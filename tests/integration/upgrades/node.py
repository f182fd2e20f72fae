"""A recorded node: rebuilt by plain Engine API calls, and what a shim reports of its pods."""

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from tests.bed.dockerd import Dockerd
from tests.waiting import eventually

FOLDER = Path(__file__).with_name("cfd2f60")
# Below it are the logs and the volumes of the pods in asked.json.
HOST_ROOT = Path("/run/bed/node")
LOGS = HOST_ROOT / "logs"
ASKED: dict[str, Any] = json.loads((FOLDER / "asked.json").read_text())
LEFT: dict[str, str] = {
    key: each["left"]
    for pod_key, pod in ASKED.items()
    for key, each in {pod_key: pod, **pod.get("containers", {})}.items()
}
"""How each pod and container was left, by its key, in the order of creation."""

EXCEPTED = frozenset({"created_at", "started_at", "finished_at", "timestamp", "pid"})
"""The numbers in an answer that differ on a rebuilt node: times (`timestamp` is the
answer's own) and process ids. Only whether they are set is compared. Ids and addresses are compared
by their placeholders, and so is the name of this host, which a pod on its network has."""

Labels = dict[str, str]


def reported(client: CriClient) -> Any:
    """Return the lists and the verbose statuses of all pods, as JSON, by id."""
    # Until its log is complete, an exited container is shown as running.
    eventually(lambda: _ended(client) == [*LEFT.values()].count("exited"))
    sandboxes = sorted(client.list_pod_sandboxes(), key=lambda each: each.created_at)
    containers = sorted(client.list_containers(), key=lambda each: each.created_at)
    return {
        "sandboxes": {each.id: _plain(each) for each in sandboxes},
        "containers": {each.id: _plain(each) for each in containers},
        "sandbox_statuses": {
            each.id: _plain(client.pod_sandbox_status(each.id, verbose=True)) for each in sandboxes
        },
        "container_statuses": {
            each.id: _plain(client.container_status(each.id, verbose=True)) for each in containers
        },
    }


def differing(now: Any, before: Any, path: str = "") -> dict[str, Any]:
    """Return what differs in two answers, by its path: the value now, and the value before."""
    if not (isinstance(now, dict) and isinstance(before, dict)):
        return {} if now == before else {path: (now, before)}
    found: dict[str, Any] = {}
    for key in now.keys() | before.keys():
        found |= differing(now.get(key), before.get(key), f"{path}/{key}")
    return found


def replaced(text: str, values: Mapping[str, str]) -> str:
    """Return the text with each key replaced by its value."""
    for key, value in values.items():
        text = text.replace(key, value)
    return text


def _ended(client: CriClient) -> int:
    return sum(each.state == cri.CONTAINER_EXITED for each in client.list_containers())


def _plain(message: Message) -> Any:
    answer = MessageToDict(message, preserving_proto_field_name=True)
    if "info" in answer:
        answer["info"] = json.loads(answer["info"]["info"])
    if "containers_statuses" in answer:
        # In the order in which this shim has found them.
        answer["containers_statuses"] = {each["id"]: each for each in answer["containers_statuses"]}
    return _comparable(answer)


def _comparable(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _comparable(value[key], key) for key in value}
    if isinstance(value, list):
        return [_comparable(each) for each in value]
    if name == "hostname" and value == socket.gethostname():
        return "HOST-NAME"
    is_number = str(value).isdecimal()  # JSON has those of 64 bits as text
    return bool(int(value)) if name in EXCEPTED and is_number else value


class Node:
    """What the folder's version has left, rebuilt by the constructor.

    `images` maps the placeholders of images to their ids. `relabel` may change the labels of each
    container before it is created.
    """

    def __init__(
        self,
        dockerd: Dockerd,
        state_directory: Path,
        *,
        images: Mapping[str, str],
        relabel: Callable[[Labels], None] = lambda _: None,
    ) -> None:
        self._docker = dockerd.api
        self._values = dict(images)
        self._relabel = relabel
        for each in json.loads((FOLDER / "created.json").read_text()):
            self._make(each)
        for path in _files(FOLDER / "state"):
            target = state_directory / self._filled(str(path.relative_to(FOLDER / "state")))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self._filled(path.read_text()))
        for path in _files(FOLDER / "logs"):
            self._write_log(path)

    @property
    def answers(self) -> Any:
        """What the version answered, `reported`, as if the node had been this one."""
        return json.loads(self._filled((FOLDER / "answers.json").read_text()))

    def id(self, key: str) -> str:
        """Return the id of a pod or container of asked.json."""
        return self._values[f"ID-{key}"]

    def _filled(self, text: str) -> str:
        return replaced(text, self._values)

    def _make(self, created: Mapping[str, str]) -> None:
        key, name = created["key"], created["name"]
        body = json.loads(self._filled(json.dumps(created["body"])))
        self._relabel(body["Labels"])
        for mount in body["HostConfig"].get("Mounts", ()):
            Path(mount["Source"]).mkdir(parents=True, exist_ok=True)
        made = self._docker.create_container_from_config(body, name)["Id"]
        self._values[f"ID-{key}"] = made
        if LEFT[key] == "created":
            return
        self._docker.start(made)
        networks = self._docker.inspect_container(made)["NetworkSettings"]["Networks"]
        if "bridge" in networks:
            self._values[f"IP-{key}"] = networks["bridge"]["IPAddress"]
        final_name = name.removesuffix("_setup")
        if final_name != name and LEFT[key] != "incomplete":
            self._docker.rename(made, final_name)
        if LEFT[key] == "stopped":
            self._docker.kill(made)
        if LEFT[key] in {"exited", "stopped"}:
            self._docker.wait(made)

    def _write_log(self, path: Path) -> None:
        """Write the lines of a CRI log as recorded, with the times that Docker has for them."""
        recorded = path.read_text().splitlines()
        eventually(lambda: len(self._times(path.stem)) >= len(recorded))
        status = self.answers["container_statuses"][self._values[path.stem]]["status"]
        target = Path(status["log_path"])
        target.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            f"{time} {line.partition(' ')[2]}\n"
            for time, line in zip(self._times(path.stem), recorded, strict=False)
        ]
        target.write_text("".join(lines))

    def _times(self, placeholder: str) -> list[str]:
        output: bytes = self._docker.logs(self._values[placeholder], timestamps=True)
        return [line.partition(" ")[0] for line in output.decode().splitlines()]


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
