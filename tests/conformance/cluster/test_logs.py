"""kubectl logs, followed through the kubelet's rotation, and what that leaves on the node."""

import gzip
from collections.abc import Iterator
from pathlib import Path

from tests.conformance.cluster import one_node, pods
from tests.conformance.cluster.kubectl import Kubectl

_LINES = 60_000
# A thousand lines are 46 KiB in the file, so that it is too large whenever the kubelet looks.
# COMPAT(kubelet): at the end the container stays for a while. A follower that sees the container
# end reads to the end of the file that it has open, and no further.
_SCRIPT = f"""\
echo 0
until [ -e /tmp/begin ]; do sleep 0.1; done
for ((number = 0; number < {_LINES}; number += 1000)); do
  seq $((number + 1)) $((number + 1000))
  sleep 0.3
done
sleep 8
"""
_LEAST_ROTATIONS = 4


def test_each_line_is_there_once_and_in_order(cluster: Kubectl) -> None:
    with pods.running(cluster, "logs", _SCRIPT) as pod:
        with cluster.start("logs", "--follow", pod) as follow:
            follow.wait_for(b"0\n")
            cluster.output("exec", pod, "--", "touch", "/tmp/begin")
            assert follow.wait(timeout_s=90) == 0
        directory = Path(f"/var/log/pods/{one_node.NAMESPACE}_{pod}_{pods.uid(cluster, pod)}/main")
        files = list(_contents(directory))

    assert len(files) > _LEAST_ROTATIONS
    assert _numbers(follow.output) == list(range(_LINES + 1))
    assert [number for file in files for number in _logged(file)] == list(range(_LINES + 1))


def _contents(directory: Path) -> Iterator[bytes]:
    """Yield the log files' contents, the oldest first; the kubelet compresses all but two."""
    for path in sorted(directory.glob("0.log.*")):
        yield gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    yield (directory / "0.log").read_bytes()


def _numbers(text: bytes) -> list[int]:
    return [int(line) for line in text.splitlines()]


def _logged(file: bytes) -> list[int]:
    """Return the numbers in lines of `TIME STREAM TAG NUMBER`."""
    return [int(line.split(b" ", 3)[3]) for line in file.splitlines()]
