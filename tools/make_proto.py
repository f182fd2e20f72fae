#!/usr/bin/env python3
"""Generate the messages of the CRI, pydockershim/api/runtime_v1.py and .pyi, from proto/.

    make_proto.py           generate both
    make_proto.py --check   generate in a temporary folder; fail if the committed files differ

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
    """Generate or check; exit with a message on standard error on failure."""
    parser = argparse.ArgumentParser(description="Generate the messages of the CRI.")
    parser.add_argument("--check", action="store_true", help="compare only, change nothing")
    arguments = parser.parse_args()
    generated = generate()
    if arguments.check:
        check(generated)
    else:
        install(generated)


def generate() -> dict[Path, str]:
    """Compile the proto; return the content of each generated file.

    protoc derives the names of file and module from the proto's path. The path is part of the
    descriptor and stays what Kubernetes uses, so both names are changed here.
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
    """Write the generated files to their committed place."""
    for file, text in generated.items():
        file.write_text(text)
        print(f"{file.relative_to(ROOT)}: {len(text)} characters")


def check(generated: dict[Path, str]) -> None:
    """Exit with the names of the committed files that differ from the generated ones."""
    drifted = [
        file.name
        for file, text in generated.items()
        if not file.exists() or file.read_text() != text
    ]
    if drifted:
        names = ", ".join(drifted)
        sys.exit(
            f"{names}: not generated from this {SOURCE}; run `make proto` and commit the result"
        )
    print("the committed messages are up to date")


if __name__ == "__main__":
    main()
