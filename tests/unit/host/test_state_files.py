"""A fact is there or lost, never in the way."""

from pathlib import Path

import pytest

from pydockershim.errors import ResourceExhausted
from pydockershim.host.state_files import StateFiles


@pytest.fixture
def facts(tmp_path: Path) -> StateFiles:
    return StateFiles(tmp_path / "facts")


def test_last_fact_counts(facts: StateFiles) -> None:
    facts.write("a", {"x": 1})
    facts.write("a", {"x": 2})

    assert (facts.read("a"), facts.read("b")) == ({"x": 2}, {})


def test_facts_are_removed_and_swept(facts: StateFiles, tmp_path: Path) -> None:
    for object_id in "abc":
        facts.write(object_id, {})
    facts.remove("a")
    facts.remove("a")
    facts.keep_only({"b"})

    assert [path.name for path in (tmp_path / "facts").iterdir()] == ["b.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_damaged_file_counts_as_lost(facts: StateFiles, tmp_path: Path, content: bytes) -> None:
    facts.write("a", {"x": 1})
    (tmp_path / "facts" / "a.json").write_bytes(content)

    assert facts.read("a") == {}


def test_what_a_later_version_adds_is_left_to_the_reader(facts: StateFiles, tmp_path: Path) -> None:
    facts.write("a", {"x": 1, "topology": {"zones": ["a", "b"]}})
    (tmp_path / "facts" / "later").mkdir()
    facts.keep_only({"a"})

    assert facts.read("a")["x"] == 1
    assert (tmp_path / "facts" / "later").is_dir()


def test_fact_that_cannot_be_kept_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ResourceExhausted, match="cannot write"):
        StateFiles(tmp_path / "file").write("a", {})
