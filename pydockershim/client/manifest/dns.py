"""A pod's DNS settings, for every dnsPolicy.

- `Default`: the node's own resolv.conf. `None`: nothing but the pod's dnsConfig.
- `ClusterFirst`: the cluster's servers and search domains; a pod on the host's network, or a node
  that knows no cluster, falls back to `Default`. `ClusterFirstWithHostNet` has no such exception
  for the host's network.
- dnsConfig adds servers and searches, each once, and overrides options by name.

An empty result means the node's own file.
"""

from collections.abc import Iterable

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.manifest.fields import Fields
from pydockershim.client.manifest.node import Node

_POLICIES = {name: name for name in ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")}
_CLUSTER_OPTIONS = ("ndots:5",)
# What a resolver reads: the kubelet cuts off the rest and raises an event.
_MAX_SERVERS, _MAX_SEARCHES = 3, 32


def read_dns(spec: Fields, *, namespace: str, host_network: bool, node: Node) -> cri.DNSConfig:
    """Read the pod's `dnsPolicy` and `dnsConfig`."""
    policy = spec.word("dnsPolicy", _POLICIES, "ClusterFirst")
    if policy == "ClusterFirst" and host_network:
        policy = "Default"
    base = _base(policy, namespace=namespace, node=node)
    extra = spec.section("dnsConfig")
    options = [*base.options, *(_option(option) for option in extra.sections("options"))]
    return cri.DNSConfig(
        servers=_once([*base.servers, *extra.texts("nameservers")])[:_MAX_SERVERS],
        searches=_once([*base.searches, *extra.texts("searches")])[:_MAX_SEARCHES],
        options={option.partition(":")[0]: option for option in options}.values(),
    )


def _base(policy: str, *, namespace: str, node: Node) -> cri.DNSConfig:
    if policy == "None":
        return cri.DNSConfig()
    host = _parse(node.resolv_conf)
    if policy == "Default" or not node.cluster_dns:
        return host
    domain = node.cluster_domain
    cluster = [f"{namespace}.svc.{domain}", f"svc.{domain}", domain]
    return cri.DNSConfig(
        servers=node.cluster_dns,
        searches=_once([*cluster, *host.searches]),
        options=_CLUSTER_OPTIONS,
    )


def _parse(resolv_conf: str) -> cri.DNSConfig:
    """Read a resolv.conf: servers add up, the last search line wins, options override by name."""
    config = cri.DNSConfig()
    for line in resolv_conf.splitlines():
        keyword, *words = line.split() or [""]
        if keyword == "nameserver" and words:
            config.servers.append(words[0])
        elif keyword == "search":
            config.searches[:] = [word.rstrip(".") for word in words if word != "."]
        elif keyword == "options":
            config.options.extend(words)
    return config


def _option(fields: Fields) -> str:
    name, value = fields.required("name"), fields.text("value")
    return f"{name}:{value}" if value else name


def _once(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))
