"""A server that does nothing but return stored bytes, and a client of it and of the shim.

Side by side with it, what is measured of the shim is what the shim adds.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import grpc

from tests.bench.stored_bytes_server import SERVICE

Ask = Callable[[str, bytes], bytes]


@contextmanager
def asking(url: str) -> Iterator[Ask]:
    """Give a client that neither makes nor reads messages: it would cost more than the server."""
    methods: dict[str, grpc.UnaryUnaryMultiCallable[bytes, bytes]] = {}
    with grpc.insecure_channel(url) as channel:

        def ask(method: str, request: bytes) -> bytes:
            if method not in methods:
                methods[method] = channel.unary_unary(f"/{SERVICE}/{method}")
            return methods[method](request)

        yield ask


@contextmanager
def bare_server(scratch: Path, answers: Mapping[str, bytes]) -> Iterator[tuple[str, int]]:
    """Serve these answers; give the URL and the process id."""
    folder = Path(mkdtemp(dir=scratch))
    socket = folder.with_suffix(".sock")
    for method, answer in answers.items():
        (folder / method).write_bytes(answer)
    command = [sys.executable, "-m", "tests.bench.stored_bytes_server", str(socket), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"serving\n"
        yield f"unix://{socket}", process.pid
        process.terminate()
