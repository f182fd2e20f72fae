"""Bench rows of container logs: a long log, many quiet ones, and reads beside a flood.

For the first two the writers run in a process of their own, so that nothing else is in the figures.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Self

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from pydockershim.logs.writers import ContainerLog
from pydockershim.translate.log_config import LOCAL, docker_log_config
from tests.bed import images
from tests.bed.images import BUSYBOX, Image
from tests.bench import programs
from tests.bench.bare_server import Ask, asking, bare_server
from tests.bench.rows import Bench, Row, pss_mib, timed_ms

LINES = 1_000_000
LINE_BYTES = 80
QUIET = 300
QUIET_S = 10.0
CALLS = 500
CALM_S = 0.002  # between two calls: what they take is measured, not how many there can be

_IMAGE = "pydockershim.test/lines:1"
_FLOOD = ("yes", "x" * (LINE_BYTES - 1))

# Answers each line on standard input with what it has used of the processor, in seconds.
_PROCESS = """
import json, sys, time
from pydockershim.engine.engine import Engine
from pydockershim.logs.writers import ContainerLog, LogWriters
socket, *logs = sys.argv[1:]
writers = LogWriters(Engine(socket))
writers.start()
for log in logs:
    writers.follow(ContainerLog(**json.loads(log)), resumes=False)
for _ in sys.stdin:
    print(time.process_time(), flush=True)
"""


def rows(bench: Bench) -> Iterator[Row]:
    """Measure; a row as soon as it is known."""
    yield from _long_log(bench)
    yield from _quiet_logs(bench)
    yield from _reads_beside_a_flood(bench)


class _Process:
    """The process that is measured, following these logs from now on."""

    def __init__(self, bench: Bench, *logs: ContainerLog) -> None:
        words = [str(bench.dockerd.socket), *(json.dumps(asdict(log)) for log in logs)]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROCESS, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.cpu_s()

    @property
    def pss_mib(self) -> float:
        """What it holds of memory."""
        return pss_mib(self._process.pid)

    def cpu_s(self) -> float:
        """What it has used of the processor."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def _long_log(bench: Bench) -> Iterator[Row]:
    """Yield the speed beside `docker logs`, and the cost of a line, of a log that is complete."""
    lines = b"".join(b"%0*d\n" % (LINE_BYTES - 1, number) for number in range(LINES))
    images.load(bench.dockerd, [Image(_IMAGE, files={"/lines": lines})])
    with _container(bench, ("cat", "/lines"), image=_IMAGE) as log:
        bench.dockerd.api.start(log.container_id)
        bench.dockerd.api.wait(log.container_id, timeout=300)
        began_s = time.perf_counter()
        with _Process(bench, log) as process:
            before_s = process.cpu_s()
            while Path(log.path).stat().st_size < LINES * (LINE_BYTES + 40):
                time.sleep(0.01)
            took_s = time.perf_counter() - began_s
            cpu_us = (process.cpu_s() - before_s) / LINES * 1e6
        docker_s = _docker_logs_s(bench, log)
    yield Row(
        what="a log of a million lines of 80 bytes",
        ours=LINES / took_s / 1000,
        reference=LINES / docker_s / 1000,
        unit="k lines/s",
        bound=0.95,
        at_least=True,
        against="docker logs --timestamps into a file; start and look for the end included",
    )
    yield Row(what="processor time of ours a line", ours=cpu_us, unit="us", bound=6)


def _docker_logs_s(bench: Bench, log: ContainerLog) -> float:
    """Return how long Docker's own client takes."""
    command = [programs.docker(), "--host", bench.dockerd.url]
    command += ["logs", "--timestamps", log.container_id]
    with (bench.scratch / "docker.log").open("wb") as file:
        began_s = time.perf_counter()
        subprocess.run(command, stdout=file, check=True)
        return time.perf_counter() - began_s


def _quiet_logs(bench: Bench) -> Iterator[Row]:
    """Yield what logs cost that do not grow: copies of one, as if of as many containers."""
    with _container(bench, ("echo", "quiet")) as log, ExitStack() as copied:
        bench.dockerd.api.start(log.container_id)
        bench.dockerd.api.wait(log.container_id)
        copies = [copied.enter_context(_copy(bench, log, number)) for number in range(QUIET)]
        with _Process(bench) as process:
            bare_mib = process.pss_mib
        with _Process(bench, *copies) as process:
            time.sleep(1)
            before_s = process.cpu_s()
            time.sleep(QUIET_S)
            percent = (process.cpu_s() - before_s) / QUIET_S * 100
            ours_mib = process.pss_mib
    yield Row(what=f"{QUIET} quiet logs", ours=percent, unit="% of a core", bound=1)
    yield Row(what="... in memory", ours=ours_mib - bare_mib, unit="MiB", bound=20)


@contextmanager
def _copy(bench: Bench, log: ContainerLog, number: int) -> Iterator[ContainerLog]:
    folder = Path(bench.dockerd.api.info()["DockerRootDir"], "containers")
    container_id = f"{number:064x}"
    shutil.copytree(folder / log.container_id / "local-logs", folder / container_id / "local-logs")
    try:
        yield replace(log, container_id=container_id, path=f"{log.path}.{number}")
    finally:
        shutil.rmtree(folder / container_id)


def _reads_beside_a_flood(bench: Bench) -> Iterator[Row]:
    """Yield what reads take of the whole shim while it writes a log that grows flat out."""
    with ExitStack() as stack:
        requests = stack.enter_context(_flooding_pod(bench))
        ours = stack.enter_context(asking(bench.shim.url))
        answers = {method: ours(method, request) for method, request in requests.items()}
        bare_url, _ = stack.enter_context(bare_server(bench.scratch, answers))
        bare = stack.enter_context(asking(bare_url))
        times: dict[tuple[str, Ask], list[float]] = {}
        for _ in range(CALLS):
            for (method, request), ask in product(requests.items(), (ours, bare)):
                taken_ms = timed_ms(lambda: ask(method, request))  # noqa: B023  (run at once)
                times.setdefault((method, ask), []).append(taken_ms)
                time.sleep(CALM_S)
    for method in requests:
        yield Row(
            what=f"{method} beside a flood, p95",
            ours=_p95(times[method, ours]),
            reference=_p95(times[method, bare]),
            bound=2,
            against="a bare server of the same bytes, in turn, beside the same flood",
        )


@contextmanager
def _flooding_pod(bench: Bench) -> Iterator[Mapping[str, bytes]]:
    """Run a container that prints as fast as it can; give the reads of it, by method."""
    folder = bench.scratch / "flood"
    metadata = cri.PodSandboxMetadata(name="flood", namespace="bench", uid="flood")
    pod = cri.PodSandboxConfig(metadata=metadata, hostname="flood", log_directory=str(folder))
    container = cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name="flood"),
        image=cri.ImageSpec(image=BUSYBOX.name),
        command=_FLOOD,
        log_path="flood/0.log",
    )
    with CriClient(bench.shim.url) as client:
        sandbox_id = client.run_pod_sandbox(pod)
        container_id = client.create_container(sandbox_id, container, pod)
        client.start_container(container_id)
        of_container = cri.ContainerStatusRequest(container_id=container_id)
        yield {
            "ListContainers": b"",
            "ContainerStatus": of_container.SerializeToString(),
            "Status": b"",
        }
        client.remove_pod_sandbox(sandbox_id)
    shutil.rmtree(folder)


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[len(values) * 95 // 100]


@contextmanager
def _container(
    bench: Bench, command: tuple[str, ...], *, image: str = BUSYBOX.name
) -> Iterator[ContainerLog]:
    """Create a container, not started, and remove it and its log in the end."""
    config = docker_log_config(LOCAL, has_log_path=True)
    body = {
        "Image": image,
        "Cmd": command,
        "HostConfig": {"NetworkMode": "none", "LogConfig": config},
    }
    container_id = bench.dockerd.api.create_container_from_config(body)["Id"]
    folder = bench.scratch / f"logs-{container_id[:12]}"
    try:
        yield ContainerLog(
            container_id=container_id,
            directory=str(folder),
            path=str(folder / "0.log"),
            driver=config["Type"],
            options=config["Config"],
        )
    finally:
        bench.dockerd.api.remove_container(container_id, force=True)
        shutil.rmtree(folder, ignore_errors=True)
