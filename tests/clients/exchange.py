"""Bytes both ways over one connection at once, as what is behind a forwarded port echoes them."""

import socket
from threading import Thread

_BLOCK_BYTES = 1 << 16


def exchange(connection: socket.socket, sent: bytes) -> bytes:
    """Send all of it, end our half, and return what came until the end of the other."""

    def send() -> None:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)

    sender = Thread(target=send)
    sender.start()
    received = b"".join(iter(lambda: connection.recv(_BLOCK_BYTES), b""))
    sender.join()
    return received
