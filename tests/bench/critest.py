"""Bench rows of critest's own benchmark: each step in the life of a pod and of a container.

containerd runs beside the shim's Docker, on the same disk and with the same images, and both are
asked in turn. Its pods are connected by CNI, ours by Docker's bridge.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from tests.bed import cri_tools
from tests.bed.images import BUSYBOX
from tests.bench.rows import Bench, Row, median
from tests.conformance import cni, node, runtimes, versions

ROUNDS = 4
LIVES = 10  # of pods, and of containers, in a round

# Not those of images, which pull from the Internet, nor the one that is these two together.
_LEFT_OUT = "Image|from scratch"
# The report of a benchmark, and what it is the life of.
_REPORTS = {"pod_benchmark_data.json": "a pod", "container_benchmark_data.json": "a container"}
_WHOLE = "whole life"

# By what lived and the step in its life: how long that took, each time.
Durations = dict[tuple[str, str], list[float]]


def rows(bench: Bench) -> Iterator[Row]:
    """Measure; the rows come all at once, in the end."""
    engine = bench.dockerd.engine
    node.overlay(Path("/var"))
    cni.configure()
    ours: Durations = {}
    reference: Durations = {}
    with runtimes.containerd(engine, directory=bench.scratch / "containerd") as containerd:
        _give_images(bench, containerd.endpoint)
        for _ in range(ROUNDS):
            _measure(bench, bench.shim.url, ours)
            _measure(bench, containerd.endpoint, reference)
    against = f"{versions.of_containerd(engine)}, its pods on CNI's bridge, by critest in turn"
    for (life, step), durations in ours.items():
        yield Row(
            what=f"{life}: {step}",
            ours=median(durations),
            reference=median(reference[life, step]),
            against=against if step == _WHOLE else "",
        )


def _measure(bench: Bench, endpoint: str, durations: Durations) -> None:
    """Let critest run a round, and add what it has measured, in ms."""
    folder = bench.scratch / "critest"
    folder.mkdir(exist_ok=True)
    # JSON is YAML, too.
    images = _write(folder / "images.yaml", {"defaultTestContainerImage": BUSYBOX.name})
    lives = _write(folder / "lives.yaml", {"podsNumber": LIVES, "containersNumber": LIVES})
    command = [
        *(str(cri_tools.critest()), "-benchmark", f"--ginkgo.skip={_LEFT_OUT}"),
        *(f"--runtime-endpoint={endpoint}", f"--image-endpoint={endpoint}"),
        *(f"--test-images-file={images}", f"--benchmarking-params-file={lives}"),
        f"--benchmarking-output-dir={folder}",
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise RuntimeError(f"critest -benchmark on {endpoint}: {answer.stdout[-4000:]}")
    for name, life in _REPORTS.items():
        report = folder / name
        for step, duration in _steps(report):
            durations.setdefault((life, step), []).append(duration)
        report.unlink()


def _write(path: Path, document: Mapping[str, object]) -> Path:
    path.write_text(json.dumps(document))
    return path


def _steps(report: Path) -> Iterator[tuple[str, float]]:
    """Yield how long each life in a report took, and each step of it, in ms."""
    document = json.loads(report.read_text())
    for point in document["datapoints"]:
        durations = [ns / 1e6 for ns in point["operationsDurationsNs"]]
        yield _WHOLE, sum(durations)
        yield from zip(document["operationsNames"], durations, strict=True)


def _give_images(bench: Bench, endpoint: str) -> None:
    """Let containerd have the image that critest runs, and the shim's pause image as its own."""
    api = bench.dockerd.api
    metadata = cri.PodSandboxMetadata(name="pause", namespace="bench", uid="pause")
    with CriClient(bench.shim.url) as client:
        sandbox_id = client.run_pod_sandbox(cri.PodSandboxConfig(metadata=metadata))
        api.tag(api.inspect_container(sandbox_id)["Image"], runtimes.PAUSE)
        client.remove_pod_sandbox(sandbox_id)
    address = endpoint.removeprefix("unix://")
    ctr = [str(bench.dockerd.engine.root / "usr/bin/ctr"), "--address", address, "-n", "k8s.io"]
    for name in (BUSYBOX.name, runtimes.PAUSE):
        archive = bench.scratch / "image.tar"
        with archive.open("wb") as file:
            file.writelines(api.get_image(name))
        command = [*ctr, "images", "import", str(archive)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
