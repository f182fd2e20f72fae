"""Bench rows of the view: what reads cost with a hundred pods of two containers each.

Beside a server that does nothing but return the same bytes, so the ratio is what the shim adds.
"""

import os
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from tests.bed.images import BUSYBOX
from tests.bench.bare_server import Ask, asking, bare_server
from tests.bench.rows import Bench, Row, median, pss_mib, timed_ms

PODS = 100
CALLS = 400
STARTS = 5
POLLING_S = 30
AT_ONCE = 4
SETTLE_S = 15  # an engine that has just started 300 containers is not at rest yet


def rows(bench: Bench) -> Iterator[Row]:
    """Measure; a row as soon as it is known."""
    with ExitStack() as stack:
        client = stack.enter_context(CriClient(bench.shim.url))
        stack.enter_context(_pods(client))
        time.sleep(SETTLE_S)
        requests = _requests(client)
        ours = stack.enter_context(asking(bench.shim.url))
        answers = {method: ours(method, request) for method, request in requests.items()}
        bare_url, bare_pid = stack.enter_context(bare_server(bench.scratch, answers))
        bare = stack.enter_context(asking(bare_url))
        for method, request in requests.items():
            yield _read(method, request, ours, bare)
        yield _polling(bench, ours)
        yield from _start(bench, bare_pid)


@contextmanager
def _pods(client: CriClient) -> Iterator[None]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = list(pool.map(lambda _: _start_pod(client), range(PODS)))
        try:
            yield
        finally:
            list(pool.map(client.remove_pod_sandbox, made))


def _start_pod(client: CriClient) -> str:
    uid = str(uuid.uuid4())
    labels = {"app": "bench", "io.kubernetes.pod.uid": uid, "pod-template-hash": "6b7c9d8f54"}
    metadata = cri.PodSandboxMetadata(name=f"bench-{uid[:8]}", namespace="bench", uid=uid)
    config = cri.PodSandboxConfig(metadata=metadata, hostname="bench", labels=labels)
    sandbox_id = client.run_pod_sandbox(config)
    for name in ("main", "sidecar"):
        container = cri.ContainerConfig(
            metadata=cri.ContainerMetadata(name=name),
            image=cri.ImageSpec(image=BUSYBOX.name),
            command=["sleep", "3600"],
            labels={**labels, "io.kubernetes.container.name": name},
            annotations={"io.kubernetes.container.hash": uid[:8]},
        )
        client.start_container(client.create_container(sandbox_id, container, config))
    return sandbox_id


def _requests(client: CriClient) -> Mapping[str, bytes]:
    sandbox_id = client.list_pod_sandboxes()[0].id
    container_id = client.list_containers()[0].id
    of_sandbox = cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox_id)
    of_container = cri.ContainerStatusRequest(container_id=container_id)
    return {
        "ListPodSandbox": b"",
        "ListContainers": b"",
        "PodSandboxStatus": of_sandbox.SerializeToString(),
        "ContainerStatus": of_container.SerializeToString(),
    }


def _read(method: str, request: bytes, ours: Ask, bare: Ask) -> Row:
    """Measure both in turn, so that both see the same machine."""
    times: dict[Ask, list[float]] = {ours: [], bare: []}
    for _ in range(CALLS):
        for ask, taken in times.items():
            taken.append(timed_ms(lambda: ask(method, request)))  # noqa: B023  (run at once)
    return Row(
        what=f"{method}, {PODS} pods",
        ours=median(times[ours]),
        reference=median(times[bare]),
        bound=1.3,
        against="a bare Python gRPC server that returns the same stored bytes",
    )


def _polling(bench: Bench, ask: Ask) -> Row:
    """Ask as a kubelet does: lists each second, Status each 5 s, each container's each 10 s."""
    listed = cri.ListContainersResponse.FromString(ask("ListContainers", b""))
    ids = [each.id for each in listed.containers]
    before_s, begun_s = _cpu_s(bench.shim.program.pid), time.monotonic()
    for second in range(POLLING_S):
        ask("ListPodSandbox", b"")
        ask("ListContainers", b"")
        if second % 5 == 0:
            ask("Status", b"")
        if second % 10 == 0:
            for container_id in ids:
                request = cri.ContainerStatusRequest(container_id=container_id)
                ask("ContainerStatus", request.SerializeToString())
        time.sleep(max(0, begun_s + second + 1 - time.monotonic()))
    used_s = _cpu_s(bench.shim.program.pid) - before_s
    share = 100 * used_s / (time.monotonic() - begun_s)
    return Row(what=f"kubelet's polling, {PODS} pods", ours=share, unit="% core", bound=2.0)


def _start(bench: Bench, bare_pid: int) -> Iterator[Row]:
    times = []
    for number in range(STARTS):
        shim = bench.another_shim(f"full-{number}")
        times.append(timed_ms(shim.start))
        if number < STARTS - 1:
            shim.stop()
    yield Row(what=f"start to serving, {PODS} pods", ours=median(times) / 1000, unit="s", bound=2.0)
    time.sleep(3)
    over = pss_mib(shim.program.pid) - pss_mib(bare_pid)
    yield Row(what=f"PSS over a bare process, {PODS} pods", ours=over, unit="MiB", bound=20.0)
    shim.stop()


def _cpu_s(pid: int) -> float:
    """Return the time that a process has computed so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    user, system = fields[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
