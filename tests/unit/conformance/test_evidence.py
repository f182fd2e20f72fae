"""Finding the log lines about one spec among those of eight."""

from datetime import UTC, datetime
from pathlib import Path

from tests.conformance import evidence
from tests.conformance.report import Result

_UID = "861926ed-1cfd-4479-9e63-1c5cb78addb0"
_RESULT = Result(
    name="a spec",
    state="failed",
    began=datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC),
    ended=datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC),
    message="timed out",
    output='STEP: Collecting events from namespace "pods-7". @ 11/24/26',
)


def test_lines_that_share_an_id_with_the_namespace_are_told(tmp_path: Path) -> None:
    (tmp_path / "shim.log").write_text(
        f"2026-11-24T12:00:10.000Z INFO run pods-7/web {_UID}\n"
        f"2026-11-24T12:00:11.000Z INFO create {_UID}\n"
        "2026-11-24T12:00:12.000Z INFO create of another spec\n"
    )

    told = "\n".join(evidence.of(_RESULT, tmp_path))

    assert f"create {_UID}" in told
    assert "another spec" not in told


def test_lines_before_and_after_the_spec_are_not_told(tmp_path: Path) -> None:
    (tmp_path / "dockerd.log").write_text(
        'time="2026-11-24T11:59:00Z" level=info msg="pods-7 before"\n'
        'time="2026-11-24T12:00:20.123456789Z" level=info msg="pods-7 meanwhile"\n'
        "a second line about pods-7\n"
        'time="2026-11-24T12:01:00.5Z" level=info msg="pods-7 after"\n'
    )

    told = "\n".join(evidence.of(_RESULT, tmp_path))

    assert "meanwhile" in told
    assert "second line" in told
    assert "before" not in told
    assert "after" not in told


def test_klog_lines_are_dated_in_local_time(tmp_path: Path) -> None:
    stamp = _RESULT.began.astimezone().strftime("%m%d %H:%M:%S.%f")
    (tmp_path / "kubelet.log").write_text(f'E{stamp}  99 pod_workers.go:1] "pods-7/web"\n')

    assert any("pod_workers" in line for line in evidence.of(_RESULT, tmp_path))
