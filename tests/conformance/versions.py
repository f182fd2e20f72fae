"""The versions that a score is about."""

import platform
import subprocess
from pathlib import Path

from tests.bed import engines
from tests.bed.engines import Engine
from tests.conformance.plan import Plan


def of_engine(plan: Plan) -> str:
    """Return the engine's name and full version, such as `Docker 28.5.2`."""
    engine = engines.selected()
    return f"Docker {engine.version}" if plan.runtime == "shim" else of_containerd(engine)


def of_containerd(engine: Engine) -> str:
    """Return the name and full version of an engine's containerd, such as `containerd 2.1.9`."""
    program = engine.root / "usr/bin/containerd"
    output = subprocess.run([program, "--version"], check=True, capture_output=True, text=True)
    # "containerd github.com/containerd/containerd/v2 2.1.9+unknown "
    return f"containerd {output.stdout.split()[2].partition('+')[0].partition('~')[0]}"


def of_machine() -> str:
    """Return what decides here which specs can pass."""
    version = 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1
    return f"Linux {platform.release().partition('-')[0]}, cgroup v{version}"
