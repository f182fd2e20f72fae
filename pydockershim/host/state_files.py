"""The state directory: small facts about single objects, one JSON file each.

Only for what Docker cannot store because it is known too late for a label. Code that writes a fact
documents what its loss costs; a file that cannot be read counts as lost.
"""

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydockershim.config.config import flag
from pydockershim.errors import ResourceExhausted


class StateFiles:
    """The facts of one kind, by the object's full id; the directory is created when needed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, object_id: str, fact: Mapping[str, Any]) -> None:
        """Store a fact, replacing the previous one; ResourceExhausted when that fails."""
        draft = self._directory / f"{object_id}.new"
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_text(json.dumps(fact))
            draft.replace(self._path(object_id))
        except OSError as error:
            raise ResourceExhausted(
                f"cannot write {draft}: {error.strerror}; "
                f"free disk space, or set another {flag('state_dir')}"
            ) from error

    def read(self, object_id: str) -> dict[str, Any]:
        """Return the fact, empty if there is none."""
        with suppress(OSError, ValueError):
            fact = json.loads(self._path(object_id).read_bytes())
            if isinstance(fact, dict):
                return fact
        return {}

    def remove(self, object_id: str) -> None:
        """Remove the fact, if there is one."""
        with suppress(OSError):
            self._path(object_id).unlink()

    def keep_only(self, object_ids: Collection[str]) -> None:
        """Remove the facts of all other objects."""
        for path in self._directory.glob("*"):
            if path.stem not in object_ids:
                self.remove(path.stem)

    def _path(self, object_id: str) -> Path:
        return self._directory / f"{object_id}.json"
