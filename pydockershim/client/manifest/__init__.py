"""The one place that turns a Kubernetes pod manifest into CRI requests.

It asks for what a kubelet would ask for, and refuses by its name whatever it does not know: nothing
in a manifest is dropped silently. It is pure: it reads no file but what it is given and makes
nothing; `pydockershim.client.this_node` does that part. Unlike the kubelet it leaves /etc/hosts to
the engine, and neither probes nor restarts anything.

- pod.py: the manifest as a whole and the sandbox; container.py: a container
- security.py, resources.py, volumes.py, dns.py: their parts
- node.py: what a kubelet knows besides; document.py, fields.py: strict reading
"""

from pydockershim.client.manifest.container import PlannedContainer
from pydockershim.client.manifest.node import Node
from pydockershim.client.manifest.pod import PodPlan, read_pod
from pydockershim.client.manifest.volumes import HostPath

__all__ = ["HostPath", "Node", "PlannedContainer", "PodPlan", "read_pod"]
