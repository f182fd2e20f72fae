"""TLS: with a certificate the URLs are https, and everything else is as without."""

import hashlib
import os
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from pydockershim.client.client import CriClient
from tests.bed import namespaces
from tests.bed.dockerd import Dockerd
from tests.bed.program import BedError
from tests.bed.shim import Shim
from tests.clients import http
from tests.clients.portforward import PortForward
from tests.clients.remotecommand import RemoteCommand, SpdyCommand, read_to_end
from tests.integration.pods import Container, Pod
from tests.integration.streaming.sessions import StreamingSessions

ClientClass = type[RemoteCommand]
MIB = 1024 * 1024


class Certificate(NamedTuple):
    """One that signs itself, and its key."""

    chain: Path
    key: Path

    @property
    def flags(self) -> list[str]:
        """How the shim is told."""
        return [f"--streaming-tls-cert-file={self.chain}", f"--streaming-tls-key-file={self.key}"]

    @property
    def trusted(self) -> ssl.SSLContext:
        """What a client does that trusts it, and nothing else."""
        return ssl.create_default_context(cafile=self.chain)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for 127.0.0.1."""
    directory = tmp_path_factory.mktemp("tls")
    made = Certificate(directory / "cert.pem", directory / "key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", made.key, "-out", made.chain, "-days", "2"),
            *("-subj", "/CN=pydockershim", "-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    return made


@pytest.fixture(scope="module")
def over_tls(
    dockerd: Dockerd, container: Container, certificate: Certificate
) -> Iterator[StreamingSessions]:
    """Sessions of a shim with the certificate."""
    flags = [*certificate.flags, "--streaming-limit=head_s=3"]
    with (
        Shim(dockerd, namespaces.PRIVATE / "tls", flags=flags) as shim,
        CriClient(shim.url) as client,
    ):
        yield StreamingSessions(client, container.id)


def test_the_url_says_so(over_tls: StreamingSessions) -> None:
    assert over_tls.exec_url(["true"]).startswith("https://127.0.0.1:")


def test_megabytes_go_in(
    over_tls: StreamingSessions, wire: ClientClass, certificate: Certificate
) -> None:
    sent = os.urandom(8 * MIB)
    session = over_tls.open(wire, ["sha256sum"], stdin=True, trusted=certificate.trusted)
    session.send("stdin", sent)
    session.finish("stdin")
    assert read_to_end(session).stdout.split()[0].decode() == hashlib.sha256(sent).hexdigest()


def test_megabytes_come_out(
    over_tls: StreamingSessions, wire: ClientClass, certificate: Certificate
) -> None:
    command = ["sh", "-c", f"seq 1000000 2999999 | head -c {8 * MIB}"]
    output = read_to_end(over_tls.open(wire, command, trusted=certificate.trusted))
    lines = b"".join(b"%d\n" % number for number in range(1000000, 2100000))
    assert output.stdout == lines[: 8 * MIB]


def test_a_late_client_gets_everything(
    over_tls: StreamingSessions, wire: ClientClass, certificate: Certificate
) -> None:
    command = ["head", "-c", "4000000", "/dev/zero"]
    session = over_tls.open(wire, command, trusted=certificate.trusted, receive_buffer=4096)
    time.sleep(3.5)
    assert len(read_to_end(session).stdout) == 4_000_000


def test_streams_and_exit_code_come_apart(
    over_tls: StreamingSessions, wire: ClientClass, certificate: Certificate
) -> None:
    command = ["sh", "-c", "echo out; echo err >&2; exit 42"]
    output = read_to_end(over_tls.open(wire, command, trusted=certificate.trusted))
    assert (output.stdout, output.stderr, output.exit_code) == (b"out\n", b"err\n", 42)


def test_a_refused_port_is_an_error_on_its_connection(
    over_tls: StreamingSessions, pod: Pod, certificate: Certificate
) -> None:
    url = over_tls.port_forward_url(pod.id)
    with closing(PortForward(url, trusted=certificate.trusted)) as forward:
        connection = forward.open(9)
        forward.read_to_end(connection)
        assert b"refused" in connection.error


def test_a_client_that_trusts_others_only_gets_no_stream(over_tls: StreamingSessions) -> None:
    url = over_tls.exec_url(["true"])
    with pytest.raises(ssl.SSLCertVerificationError):
        SpdyCommand(url, {"stdout", "stderr"}, trusted=ssl.create_default_context())


def test_a_client_without_tls_is_ended_and_its_url_stays_good(
    over_tls: StreamingSessions, certificate: Certificate
) -> None:
    url = over_tls.exec_url(["true"])
    link = http.connect(url)
    link.sendall(http.head(url, "POST", {"Connection": "Upgrade", "Upgrade": "SPDY/3.1"}))
    assert http.wait_closed(link, timeout_s=5)

    session = SpdyCommand(url, {"stdout", "stderr"}, trusted=certificate.trusted)
    assert read_to_end(session).exit_code == 0


def test_a_handshake_that_does_not_begin_is_cut_off(over_tls: StreamingSessions) -> None:
    assert http.wait_closed(http.connect(over_tls.exec_url(["true"])), timeout_s=8)


@pytest.mark.parametrize("broken", ["missing", "no key", "another's"])
def test_a_key_that_does_not_fit_is_said_at_the_start(
    dockerd: Dockerd, tmp_path: Path, certificate: Certificate, broken: str
) -> None:
    key = tmp_path / "other.pem"
    if broken == "no key":
        key.write_text("not a key")
    elif broken == "another's":
        command = ("openssl", "genpkey", "-algorithm", "ed25519", "-out", key)
        subprocess.run(command, check=True, capture_output=True)
    shim = Shim(dockerd, tmp_path / "shim", flags=certificate._replace(key=key).flags)

    with pytest.raises(BedError, match=r"ended with 1 at its start") as failed:
        shim.start()

    words = f"cannot load the streaming certificate {certificate.chain} with key {key}: "
    assert words in str(failed.value)
    assert "Traceback" not in str(failed.value)
