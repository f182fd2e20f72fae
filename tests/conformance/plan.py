"""What one run is to do: written down outside the session, read inside it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Plan:
    """One suite with one runtime (shim or containerd), engine and network mode.

    `program` is the suite's executable, `programs` the directory of those that were built, `specs`
    the names of what is to run.
    """

    suite: str
    runtime: str
    engine: str
    network: str
    program: Path
    programs: Path
    specs: tuple[str, ...]

    @property
    def title(self) -> str:
        """Such as `node, shim, 28.5, docker`: enough to tell one run from another."""
        return f"{self.suite}, {self.runtime}, {self.engine}, {self.network}"

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), default=str))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` has written."""
        fields = json.loads(path.read_text())
        fields["specs"] = tuple(fields["specs"])
        return cls(**fields | {name: Path(fields[name]) for name in ("program", "programs")})
