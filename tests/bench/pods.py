"""Bench rows of the main job: starting a pod, running a command in it, the daemon's own start.

The floor is the same work by the shortest script that could do it: raw HTTP on one connection that
stays open, with the bodies that the shim would send.
"""

import http.client
import json
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from pydockershim.engine.engine import Engine
from pydockershim.engine.hijack import hijack
from pydockershim.translate import container as container_translation
from pydockershim.translate import sandbox as sandbox_translation
from tests.bed.images import BUSYBOX
from tests.bench.rows import Bench, Row, median, pss_mib, timed_ms

PODS = 25
EXECS = 60
STARTS = 5
FLOOR = "create, start, inspect, rename; create, start"

_BARE_SERVER = """
import docker, grpc, sys
from concurrent.futures import ThreadPoolExecutor
from google.protobuf import empty_pb2
server = grpc.server(ThreadPoolExecutor(512))
server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("empty", {})])
server.add_insecure_port("unix://" + sys.argv[1])
server.start()
print("serving", flush=True)
server.wait_for_termination()
"""


def rows(bench: Bench) -> Iterator[Row]:
    """Measure; a row as soon as it is known."""
    with CriClient(bench.shim.url) as client:
        ours, floor = _pod_starts(bench, client)
        yield Row(what="start a pod", ours=ours, reference=floor, bound=1.10, against=FLOOR)
        ours, floor = _execs(bench, client)
        calls = "exec create, hijacked start, inspect"
        yield Row(what="ExecSync true", ours=ours, reference=floor, bound=1.15, against=calls)
    yield from _daemon_start(bench)


class RawEngine:
    """The engine over one keep-alive connection, nothing in between."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._link = http.client.HTTPConnection("docker")
        self._link.sock = socket.socket(socket.AF_UNIX)
        self._link.sock.connect(path)

    def call(self, method: str, target: str, body: Any = None) -> Any:
        """Make one call; return the JSON of its answer."""
        payload = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"}
        self._link.request(method, target, body=payload, headers=headers)
        answer = self._link.getresponse()
        text = answer.read()
        assert answer.status < http.client.BAD_REQUEST, text
        return json.loads(text) if text else None

    def start_pod(self, sandbox: Any, container: Any, name: str) -> tuple[str, str]:
        """Do what starting a pod cannot do without."""
        sandbox_id = self.call("POST", f"/containers/create?name={name}_setup", sandbox)["Id"]
        self.call("POST", f"/containers/{sandbox_id}/start")
        self.call("GET", f"/containers/{sandbox_id}/json")
        self.call("POST", f"/containers/{sandbox_id}/rename?name={name}")
        joined = json.loads(json.dumps(container).replace("SANDBOX", sandbox_id))
        container_id = self.call("POST", f"/containers/create?name={name}_c", joined)["Id"]
        self.call("POST", f"/containers/{container_id}/start")
        return container_id, sandbox_id

    def execute(self, container_id: str) -> None:
        """Run `true` and learn its exit code."""
        config = {"Cmd": ["true"], "AttachStdout": True, "AttachStderr": True}
        exec_id = self.call("POST", f"/containers/{container_id}/exec", config)["Id"]
        stream = hijack(self.path, f"/exec/{exec_id}/start", {"Detach": False}, timeout_s=10)
        while stream.recv():
            pass
        stream.close()
        assert self.call("GET", f"/exec/{exec_id}/json")["ExitCode"] == 0


def _pod_config() -> cri.PodSandboxConfig:
    name = uuid.uuid4().hex
    metadata = cri.PodSandboxMetadata(name=name, namespace="bench", uid=name)
    return cri.PodSandboxConfig(metadata=metadata, hostname="bench")


def _container_config() -> cri.ContainerConfig:
    return cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name="main"),
        image=cri.ImageSpec(image=BUSYBOX.name),
        command=["sleep", "3600"],
    )


def _start_pod(client: CriClient, config: cri.PodSandboxConfig) -> tuple[str, str]:
    sandbox_id = client.run_pod_sandbox(config)
    container_id = client.create_container(sandbox_id, _container_config(), config)
    client.start_container(container_id)
    return container_id, sandbox_id


def _bodies(bench: Bench, pause_image: str) -> tuple[Any, Any]:
    """Return what the shim sends for such a pod, with the word SANDBOX for the sandbox's id."""
    engine = Engine(str(bench.dockerd.socket))
    features = engine.features
    config = _pod_config()
    record = sandbox_translation.sandbox_record(
        config, handler="", network_kind="docker", features=features
    )
    sandbox = sandbox_translation.docker_sandbox(
        config, record, network_mode="bridge", publish_ports=True, features=features
    )
    inner = container_translation.container_record(
        _container_config(), sandbox_id="SANDBOX", sandbox=record, image_ref=""
    )
    container = container_translation.docker_container(
        _container_config(),
        inner,
        sandbox=record,
        image=engine.images.inspect(BUSYBOX.name),
        host_facts=container_translation.HostFacts(),
        features=features,
    )
    engine.close()
    sandbox = sandbox_translation.with_image(sandbox, pause_image)
    return sandbox_translation.with_oom_score(sandbox, 0), container


def _pod_starts(bench: Bench, client: CriClient) -> tuple[float, float]:
    """Return the median times of ours and of the floor, taken in turn."""
    raw = RawEngine(str(bench.dockerd.socket))
    container_id, sandbox_id = _start_pod(client, _pod_config())
    pause_image = raw.call("GET", f"/containers/{sandbox_id}/json")["Image"]
    bodies = _bodies(bench, pause_image)
    made = [container_id, sandbox_id]
    ours, floor = [], []
    for _ in range(PODS):
        config = _pod_config()
        ours.append(timed_ms(lambda: made.extend(_start_pod(client, config))))  # noqa: B023  # run at once
        name = uuid.uuid4().hex
        floor.append(timed_ms(lambda: made.extend(raw.start_pod(*bodies, name))))  # noqa: B023  # likewise
        _remove(raw, made)
    return median(ours), median(floor)


def _remove(raw: RawEngine, made: list[str]) -> None:
    while made:
        raw.call("DELETE", f"/containers/{made.pop(0)}?force=1&v=1")


def _execs(bench: Bench, client: CriClient) -> tuple[float, float]:
    raw = RawEngine(str(bench.dockerd.socket))
    container_id, sandbox_id = _start_pod(client, _pod_config())
    ours, floor = [], []
    for _ in range(EXECS):
        ours.append(timed_ms(lambda: client.exec_sync(container_id, ["true"], timeout_s=10)))
        floor.append(timed_ms(lambda: raw.execute(container_id)))
    _remove(raw, [container_id, sandbox_id])
    return median(ours), median(floor)


def _daemon_start(bench: Bench) -> Iterator[Row]:
    with ExitStack() as running:
        times = []
        for number in range(STARTS):
            shim = bench.another_shim(f"start-{number}")
            times.append(timed_ms(shim.start))
            if number < STARTS - 1:
                shim.stop()
        running.callback(shim.stop)
        yield Row(what="start to serving", ours=median(times) / 1000, unit="s", bound=1.0)
        time.sleep(3)
        bare = _bare_server(bench, running)
        over = pss_mib(shim.program.pid) - pss_mib(bare)
        yield Row(what="PSS over a bare process", ours=over, unit="MiB", bound=10.0)


def _bare_server(bench: Bench, running: ExitStack) -> int:
    socket_path = str(bench.scratch / "bare.sock")
    command = [sys.executable, "-c", _BARE_SERVER, socket_path]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    running.callback(process.wait)
    running.callback(process.terminate)
    assert process.stdout is not None
    assert process.stdout.readline() == b"serving\n"
    time.sleep(1)
    return process.pid
