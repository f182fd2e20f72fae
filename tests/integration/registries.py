"""Registries that stand still, or that look at what they are shown; on the session's loopback."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

_TLS_HANDSHAKE = b"\x16"
_LARGEST_HELLO = 1 << 14


@dataclass(frozen=True)
class TokenRegistry:
    """A registry by its host and port, as in an image's name, and the credentials it was shown."""

    address: str
    shown: list[str] = field(default_factory=list)


@contextmanager
def token_registry() -> Iterator[TokenRegistry]:
    """Serve what wants a bearer token, and refuses every one."""

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            # dockerd tries TLS first; containerd's image store goes on without it only when it has
            # got such an answer, which servers of plain HTTP give.
            if self.connection.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE:
                self.connection.recv(_LARGEST_HELLO)
                self.wfile.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            else:
                super().handle()

        def do_GET(self) -> None:
            registry.shown.append(self.headers.get("Authorization", ""))
            self._refuse()

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            registry.shown.extend(parse_qs(form).get("refresh_token", []))
            self._refuse()

        def _refuse(self) -> None:
            realm = f"http://{registry.address}/token"
            self.send_response(401)
            self.send_header("WWW-Authenticate", f'Bearer realm="{realm}",service="test"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        registry = TokenRegistry(f"127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield registry
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def silent_registry() -> Iterator[str]:
    """Listen at the address that is returned: connections are taken, and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
