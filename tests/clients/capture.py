"""How TCP connections end on the wire of the loopback interface: by FIN, or by a reset."""

import ctypes
import socket
import struct
from typing import Self

FIN, RST = 0x01, 0x04

_ETH_P_IP = 0x0800
_SO_ATTACH_FILTER = 26  # asm-generic/socket.h
_FLAGS_AT = 13
# Classic BPF over an IPv4 packet, `tcp[13] & (FIN | RST)`: code, jump if true, if false, operand.
_ENDS_ONLY = (
    (0x30, 0, 0, 9),  # the protocol
    (0x15, 0, 4, socket.IPPROTO_TCP),
    (0xB1, 0, 0, 0),  # the length of the IP header
    (0x50, 0, 0, _FLAGS_AT),
    (0x45, 0, 1, FIN | RST),
    (0x06, 0, 0, 0xFFFF),
    (0x06, 0, 0, 0),
)


class Ends:
    """Captures the packets that end connections, from when it is made; needs CAP_NET_RAW."""

    def __init__(self) -> None:
        # Of no protocol until it is bound: nothing comes that the filter has not seen.
        self._link = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
        program = b"".join(struct.pack("=HBBL", *instruction) for instruction in _ENDS_ONLY)
        kept = ctypes.create_string_buffer(program)
        described = struct.pack("HL", len(_ENDS_ONLY), ctypes.addressof(kept))
        self._link.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, described)
        self._link.bind(("lo", _ETH_P_IP))
        self._link.settimeout(0)

    def sent(self, *, source: int, destination: int) -> set[int]:
        """Return which of FIN and RST one port has sent to another since the last call."""
        flags = set()
        for packet in self._packets():
            tcp = packet[4 * (packet[0] & 0xF) :]
            if struct.unpack_from(">HH", tcp) == (source, destination):
                flags |= {flag for flag in (FIN, RST) if tcp[_FLAGS_AT] & flag}
        return flags

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._link.close()

    def _packets(self) -> list[bytes]:
        packets = []
        try:
            while True:
                packets.append(self._link.recv(65536))
        except BlockingIOError:
            return packets
