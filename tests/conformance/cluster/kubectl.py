"""kubectl, as it comes: run to its end, or talked with, over either of its transports."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from tests.bed import dialogue
from tests.bed.dialogue import Dialogue

# Environment variables that switch its transports; SPDY is what is left without WebSocket.
_WEBSOCKETS = ("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", "KUBECTL_PORT_FORWARD_WEBSOCKETS")
TRANSPORTS = {
    "websocket": dict.fromkeys(_WEBSOCKETS, "true"),
    "spdy": dict.fromkeys(_WEBSOCKETS, "false"),
}


@dataclass(frozen=True, slots=True)
class Kubectl:
    """A way to use one cluster: the program, its kubeconfig, and more environment variables."""

    program: Path
    kubeconfig: Path
    env: Mapping[str, str] = field(default_factory=dict)

    def over(self, transport: str) -> Self:
        """Return the same for one of TRANSPORTS."""
        return replace(self, env=TRANSPORTS[transport])

    def run(
        self, *words: str, stdin: bytes = b"", timeout_s: float = 60
    ) -> subprocess.CompletedProcess[bytes]:
        """Run it to its end, whatever that is."""
        return subprocess.run(
            self._command(words),
            input=stdin,
            timeout=timeout_s,
            capture_output=True,
            check=False,
            env=os.environ | self.env,
        )

    def output(self, *words: str, stdin: bytes = b"") -> bytes:
        """Return what it prints when it succeeds."""
        answer = self.run(*words, stdin=stdin)
        assert answer.returncode == 0, f"kubectl {' '.join(words)}: {answer.stderr.decode()}"
        return answer.stdout

    def start(self, *words: str) -> Dialogue:
        """Start it, to be talked with over pipes."""
        return dialogue.over_pipes(self._command(words), env=self.env)

    def on_terminal(self, *words: str, rows: int, columns: int) -> Dialogue:
        """Start it on a terminal of this size."""
        command = self._command(words)
        return dialogue.on_terminal(command, rows=rows, columns=columns, env=self.env)

    def _command(self, words: tuple[str, ...]) -> list[str | Path]:
        return [self.program, f"--kubeconfig={self.kubeconfig}", *words]
