"""Keep a shim serving in front of a Docker Engine, and print how to use it; Ctrl-C stops it.

    make run    sets up the environment and calls this

See host_setup.py for where the Docker engine comes from.
"""

import sys
import threading
from contextlib import ExitStack, suppress

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from tools import host_setup
from tools.progress import Progress


def _serve(progress: Progress, stack: ExitStack) -> None:
    home = stack.enter_context(host_setup.folder("run"))
    engine = host_setup.provide_engine(progress, stack, home)
    endpoint = host_setup.provide_shim(progress, stack, home, engine=engine)
    with CriClient(endpoint) as client:
        driver = cri.CgroupDriver.Name(client.runtime_config().linux.cgroup_driver).lower()
    progress.say(
        f"""
   crictl    crictl --runtime-endpoint {endpoint} pods
   kubelet   kubelet --container-runtime-endpoint={endpoint} --cgroup-driver={driver} ...
   log       tail -f {home}/shim.log
"""
    )
    fate = "stop with the engine" if engine.private else "keep running"
    progress.say(f"   Ctrl-C stops the shim; its pods {fate}.")
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


if __name__ == "__main__":
    sys.exit(host_setup.carry_out(_serve))
