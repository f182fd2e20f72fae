"""Which engine ENGINE and STORE select, and what is said when there is none."""

from pathlib import Path

import pytest

from tests.bed import engines, suites


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, with neither variable set."""
    monkeypatch.setattr(suites, "CACHE", tmp_path)
    for name in ("ENGINE", "STORE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def ship(suite: str, version: str) -> None:
    """Put into the cache what of a suite's dockerd counts here: the answer to --version."""
    dockerd = suites.directory(suite, "engine") / "usr/sbin/dockerd"
    dockerd.parent.mkdir(parents=True)
    dockerd.write_text(f"#!/bin/sh\necho Docker version {version}, build 0123abc\n")
    dockerd.chmod(0o755)


def test_the_default_is_28_5_with_its_own_default_store() -> None:
    ship("sid", "28.5.2+dfsg4")

    engine = engines.selected()

    assert (engine.name, engine.version) == ("28.5", "28.5.2")
    assert engine.store_config == {}


@pytest.mark.parametrize(("store", "containerd"), [("containerd", True), ("graph-driver", False)])
def test_a_store_is_selected(
    monkeypatch: pytest.MonkeyPatch, store: str, *, containerd: bool
) -> None:
    ship("trixie", "26.1.5+dfsg1")
    monkeypatch.setenv("ENGINE", "26.1")
    monkeypatch.setenv("STORE", store)

    config = engines.selected().store_config

    assert config == {"features": {"containerd-snapshotter": containerd}}


@pytest.mark.parametrize("version", ["28.50.0", "29.1.3+dfsg1"])
def test_a_suite_that_has_moved_on_is_no_other_engine(version: str) -> None:
    ship("sid", version)
    shipped = version.partition("+")[0]

    with pytest.raises(
        SystemExit, match=rf"sid has Docker {shipped} now, no longer 28\.5\..*20\.10"
    ):
        engines.selected()


@pytest.mark.parametrize("name", ["sid", "28", "28.5.2"])
def test_an_unknown_engine_is_refused_with_the_choices(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("ENGINE", name)

    with pytest.raises(SystemExit, match=rf"ENGINE={name}: .* 20\.10, 26\.1, 28\.5, 29\."):
        engines.prepare()


@pytest.mark.parametrize(
    ("engine", "store", "sentence"),
    [
        ("29", "overlay2", "choose from containerd, graph-driver"),
        ("20.10", "containerd", r"Docker 20\.10 has only graph drivers"),
    ],
)
def test_a_store_that_cannot_be_had_is_refused(
    monkeypatch: pytest.MonkeyPatch, engine: str, store: str, sentence: str
) -> None:
    monkeypatch.setenv("ENGINE", engine)
    monkeypatch.setenv("STORE", store)

    with pytest.raises(SystemExit, match=sentence):
        engines.prepare()
