"""What the documents say of defaults is what the settings have."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

import pydockershim
from pydockershim.config.config import Config
from pydockershim.config.setting import rows
from pydockershim.config.streaming_limits import StreamingLimits

ROOT = Path(pydockershim.__file__).parents[1]
UNITS = {"KiB": 1024, "MiB": 1024 * 1024, "h": 3600}


def value_of(text: str) -> float | None:
    """Return a default as docs/streaming.md writes it: a number, perhaps with a unit, or none."""
    if text == "none":
        return None
    number, _, unit = text.partition(" ")
    return float(number) * UNITS.get(unit, 1)


def limits_in_the_document() -> dict[str, float | None]:
    lines = (ROOT / "docs/streaming.md").read_text().splitlines()
    found: dict[str, float | None] = {}
    for names, defaults in (line.split("|")[1:3] for line in lines if line.startswith("| `")):
        texts = map(str.strip, defaults.split(","))
        found |= zip(re.findall(r"`(\w+)`", names), map(value_of, texts), strict=True)
    return found


def test_every_limit_is_in_the_table_with_its_default() -> None:
    defaults = StreamingLimits()
    expected = {each.name: getattr(defaults, each.name) for each in fields(defaults)}

    assert limits_in_the_document() == expected


@pytest.mark.parametrize(
    ("document", "setting"),
    [("README.md", "endpoint"), ("README.md", "state_dir"), ("docs/logs.md", "log_file_bytes")],
)
def test_a_default_in_a_document_is_the_setting_s(document: str, setting: str) -> None:
    default = dict(rows(Config))[setting].default

    assert default in (ROOT / document).read_text()
