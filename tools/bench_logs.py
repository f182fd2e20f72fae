"""Bench rows of container logs: a long log, many quiet ones, and RPCs beside a flood.

The writers run in a process of their own, with or without the bare gRPC server that stands for the
RPCs: one that returns stored bytes of the size of a list of 100 pods.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Self

import grpc

from pydockershim.logs.writers import ContainerLog
from pydockershim.translate.logs import LOCAL, docker_log_config
from tests.bed import images
from tests.bed.images import BUSYBOX, Image
from tools.bench_rows import Bench, Row, pss_mib

LINES = 1_000_000
LINE_BYTES = 80
QUIET = 300
QUIET_S = 10.0
CALLS = 2000

_IMAGE = "pydockershim.test/lines:1"
_FLOOD = ("yes", "x" * (LINE_BYTES - 1))

# Answers each line on standard input with what it has used of the processor, in seconds.
_PROCESS = """
import grpc, json, sys, time
from concurrent.futures import ThreadPoolExecutor
from pydockershim.engine.client import Engine
from pydockershim.logs.writers import ContainerLog, LogWriters
endpoint, socket, *logs = sys.argv[1:]
listed = bytes(100 * 560)
server = grpc.server(ThreadPoolExecutor(64))
methods = {"List": grpc.unary_unary_rpc_method_handler(lambda request, context: listed)}
server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("bench", methods)])
server.add_insecure_port("unix://" + endpoint)
server.start()
if logs:
    writers = LogWriters(Engine(socket))
    writers.start()
    for log in logs:
        writers.follow(ContainerLog(**json.loads(log)), fresh=True)
for _ in sys.stdin:
    print(time.process_time(), flush=True)
"""


def rows(bench: Bench) -> Iterator[Row]:
    """Measure; a row as soon as it is known."""
    yield from _long_log(bench)
    yield from _quiet_logs(bench)
    yield _calls_beside_a_flood(bench)


class _Process:
    """The process that is measured, following these logs from now on."""

    def __init__(self, bench: Bench, *logs: ContainerLog) -> None:
        self.endpoint = bench.scratch / f"logs-{time.monotonic_ns()}.sock"
        words = [str(self.endpoint), str(bench.dockerd.socket)]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROCESS, *words, *(json.dumps(asdict(log)) for log in logs)],
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

    def __exit__(self, *_error: object) -> None:
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
        reference=LINES / docker_s / 1000 if docker_s else None,
        unit="k lines/s",
        bound=0.95 if docker_s else None,
        at_least=True,
        against="docker logs --timestamps into a file; start and look for the end included",
    )
    yield Row(what="processor time of ours a line", ours=cpu_us, unit="us", bound=6)


def _docker_logs_s(bench: Bench, log: ContainerLog) -> float | None:
    """Return how long Docker's own client takes, None on a machine without it."""
    docker = shutil.which("docker", path=f"{bench.dockerd.engine.search_path}:{os.environ['PATH']}")
    if docker is None:
        return None
    command = [docker, "--host", bench.dockerd.url, "logs", "--timestamps", log.container_id]
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


def _calls_beside_a_flood(bench: Bench) -> Row:
    """Measure the bare server with and without the writer of a log that grows flat out."""
    with _container(bench, _FLOOD) as log, _Process(bench, log) as process:
        bench.dockerd.api.start(log.container_id)
        with_writer_ms = _p95_ms(process.endpoint)
    with _container(bench, _FLOOD) as log, _Process(bench) as process:
        bench.dockerd.api.start(log.container_id)
        without_ms = _p95_ms(process.endpoint)
    return Row(
        what="p95 of a list beside a flood",
        ours=with_writer_ms,
        reference=without_ms,
        bound=2,
        against="the same server and flood, without a writer",
    )


def _p95_ms(endpoint: Path) -> float:
    took_ms = []
    with grpc.insecure_channel(f"unix://{endpoint}") as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/bench/List")
        for _ in range(CALLS):
            began_s = time.perf_counter()
            call(b"")
            took_ms.append((time.perf_counter() - began_s) * 1000)
            time.sleep(0.002)
    return sorted(took_ms)[len(took_ms) * 95 // 100]


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
