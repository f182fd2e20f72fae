"""However the engine hangs: a shim that is told to end waits only for what it has begun to change.

The guards: no thread that waits for the engine is waited for, and reads are cut short.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from pydockershim.client.client import CriClient, CriError
from tests.bed import namespaces
from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.faults.proxy import Proxy, hanging
from tests.integration.pods import Pods
from tests.waiting import eventually

EVERYTHING = ""
INSPECT = "GET .*/containers/[0-9a-f]{64}/json"


def end_at_once(shim: Shim) -> None:
    begun_s = time.monotonic()
    assert shim.stop() == 0
    assert time.monotonic() - begun_s < 8  # an inspect may take 10 s, a change 20 s


def test_shim_ends_though_inspects_and_reads_hang(
    dockerd: Dockerd, shim: Shim, client: CriClient, pods: Pods, proxy: Proxy
) -> None:
    containers = [pods.run(name=name).start() for name in ("one", "two")]
    with ThreadPoolExecutor(1) as pool:
        with proxy.fault(INSPECT, hanging):
            before = proxy.count(INSPECT)
            for container in containers:
                dockerd.api.kill(container.id)
            asked = pool.submit(client.container_status, containers[0].id, verbose=True)
            eventually(lambda: proxy.count(INSPECT) >= before + 3)

            end_at_once(shim)
        with suppress(CriError):
            asked.result()
    shim.start()


def test_shim_ends_though_its_engine_has_never_answered(dockerd: Dockerd, proxy: Proxy) -> None:
    with proxy.fault(EVERYTHING, hanging):
        shim = Shim(dockerd, namespaces.PRIVATE / "second", flags=[proxy.endpoint_flag])
        shim.program.start(ready=shim.socket.exists, timeout_s=30)

        end_at_once(shim)
