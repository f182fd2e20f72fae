#!/usr/bin/env python3
"""Generate the messages of the CRI, pydockershim/api/runtime_v1.py and .pyi, from proto/.

    make_proto.py           generate both
    make_proto.py --check   generate in a temporary folder; fail unless it equals what is committed

The generated files are committed, so that an installation needs no protocol compiler. The bytes
depend on proto/ and on grpcio-tools, whose version requirements-dev.txt pins.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROTO = ROOT / "proto"
SOURCE = "runtime/v1/api.proto"
API = ROOT / "pydockershim" / "api"
MODULE = "pydockershim.api.runtime_v1"

# Messages only: the server and the client take the services from the descriptor.
SUFFIXES = {".py": "--python_out", ".pyi": "--pyi_out"}


def main() -> None:
    """Generate, or check what is generated; exit with a sentence on standard error on failure."""
    parser = argparse.ArgumentParser(description="Generate the messages of the CRI.")
    parser.add_argument("--check", action="store_true", help="compare only, change nothing")
    arguments = parser.parse_args()
    generated = generate()
    if arguments.check:
        check(generated)
    else:
        install(generated)


def generate() -> dict[Path, str]:
    """Compile the proto; return what belongs into each generated file.

    protoc derives file and module name from the proto's path, which is part of the descriptor and
    so stays the field's usual one; both names are changed here to where the module really is.
    """
    with tempfile.TemporaryDirectory() as folder:
        outputs = [f"{option}={folder}" for option in SUFFIXES.values()]
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", *outputs, SOURCE]
        if subprocess.run(command, check=False).returncode != 0:
            sys.exit("protoc failed; its messages are above")
        stem = Path(folder, SOURCE.removesuffix(".proto") + "_pb2")
        return {
            API / f"runtime_v1{suffix}": stem.with_suffix(suffix)
            .read_text()
            .replace("runtime.v1.api_pb2", MODULE)
            for suffix in SUFFIXES
        }


def install(generated: dict[Path, str]) -> None:
    """Write what was generated to where it is committed."""
    for file, text in generated.items():
        file.write_text(text)
        print(f"{file.relative_to(ROOT)}: {len(text)} characters")


def check(generated: dict[Path, str]) -> None:
    """Exit with the names of the committed files that differ from what was generated."""
    drifted = [
        file.name
        for file, text in generated.items()
        if not file.exists() or file.read_text() != text
    ]
    if drifted:
        names = ", ".join(drifted)
        sys.exit(f"{names}: not what {SOURCE} gives; run `make proto` and commit the result")
    print(f"the committed messages are what {SOURCE} gives")


if __name__ == "__main__":
    main()
