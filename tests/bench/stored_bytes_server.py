"""The least that a Python gRPC server can do: it answers each method with the bytes of a file.

python -m tests.bench.stored_bytes_server SOCKET FOLDER: a file `Method` in the folder is the answer
to that method of the CRI's RuntimeService. What the shim's reads cost is measured against this.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker  # noqa: F401  (its size is part of what a bare process takes)
import grpc

from pydockershim.server.dispatch import WORKERS

SERVICE = "runtime.v1.RuntimeService"


def main() -> None:
    """Serve until killed; a line on stdout says that it does."""
    socket, folder = sys.argv[1:]
    handlers = {path.name: _answering(path.read_bytes()) for path in Path(folder).iterdir()}
    server = grpc.server(ThreadPoolExecutor(WORKERS))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
    server.add_insecure_port(f"unix://{socket}")
    server.start()
    print("serving", flush=True)
    server.wait_for_termination()


def _answering(answer: bytes) -> "grpc.RpcMethodHandler[bytes, bytes]":
    return grpc.unary_unary_rpc_method_handler(lambda _request, _context: answer)


if __name__ == "__main__":
    main()
