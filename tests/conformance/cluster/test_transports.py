"""Whether kubectl speaks what the other tests take it to speak, without falling back."""

import pytest

from tests.conformance.cluster.conftest import ECHO_PORT
from tests.conformance.cluster.kubectl import Kubectl

_EXEC = {
    "websocket": b"Sec-Websocket-Protocol: v5.channel.k8s.io",
    "spdy": b"X-Stream-Protocol-Version: v4.channel.k8s.io",
}
_PORT_FORWARD = {
    "websocket": b"Sec-Websocket-Protocol: SPDY/3.1+portforward.k8s.io",
    "spdy": b"X-Stream-Protocol-Version: portforward.k8s.io",
}


@pytest.mark.parametrize("transport", _EXEC)
def test_exec(cluster: Kubectl, shell: str, transport: str) -> None:
    said = cluster.over(transport).run("exec", "--v=7", shell, "--", "true").stderr

    assert [each for each, header in _EXEC.items() if header in said] == [transport]


@pytest.mark.parametrize("transport", _PORT_FORWARD)
def test_port_forward(cluster: Kubectl, shell: str, transport: str) -> None:
    words = ("port-forward", "--v=7", "--address=127.0.0.1", f"pod/{shell}", f":{ECHO_PORT}")
    with cluster.over(transport).start(*words) as forward:
        forward.wait_for(b"Forwarding from")

    said = forward.errors  # all of them, once it has ended: the two streams are read apart
    assert [each for each, header in _PORT_FORWARD.items() if header in said] == [transport]
