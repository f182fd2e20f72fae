"""Manifests, named after situations, against the CRI requests that a kubelet makes of them.

Run as a program, this file writes the expected requests anew; review the difference.
"""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from google.protobuf import text_format

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.manifest import Node, PodPlan, read_pod
from pydockershim.errors import InvalidArgument

MANIFESTS = sorted((Path(__file__).parent / "manifests").glob("*.yaml"))
NODE = Node(
    volumes_root=Path("/var/lib/kubelet/pods"),
    memory_bytes=8 * 1024**3,
    cgroup_root="/kubepods",
    hugepage_sizes=("2MB",),
    resolv_conf="# made by hand\nnameserver 192.0.2.9\nsearch node.example.\noptions timeout:1\n",
    cluster_dns=("10.96.0.10",),
)
MINIMAL = """
apiVersion: v1
kind: Pod
metadata: {{name: minimal{metadata}}}
spec: {{containers: [{{name: app, image: "app:1"{container}}}]{spec}}}
"""


def minimal(*, metadata: str = "", spec: str = "", container: str = "") -> str:
    """Return the smallest manifest with some more fields, each `, name: value`."""
    return MINIMAL.format(metadata=metadata, spec=spec, container=container)


def requests(plan: PodPlan) -> str:
    """Return all that a plan holds, as a text to compare and to read."""
    containers = (*plan.init_containers, *plan.containers)
    return "\n".join(
        itertools.chain(
            [f"# {plan.restart_policy}, {plan.grace_period_s} s; images: {' '.join(plan.images)}"],
            [f"# needs {path.kind} {path.path} {_octal(path.mode)}" for path in plan.host_paths],
            [_text("sandbox", plan.sandbox)],
            *(
                [
                    f"# pull {container.pull_policy}; non-root: {container.non_root}",
                    _text("container", container.config),
                ]
                for container in containers
            ),
        )
    )


def _octal(mode: int | None) -> str:
    return "that is there" if mode is None else f"{mode:04o}"


def _text(title: str, message: cri.PodSandboxConfig | cri.ContainerConfig) -> str:
    return f"{title} {{\n{text_format.MessageToString(message, indent=2)}}}\n"


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.stem)
def test_a_manifest_becomes_the_kubelets_requests(manifest: Path) -> None:
    plan = read_pod(manifest.read_text(), NODE)

    assert requests(plan) == manifest.with_suffix(".txtpb").read_text()


def test_the_example_is_readable() -> None:
    example = Path(__file__).parents[3] / "examples" / "pod.yaml"

    plan = read_pod(example.read_text(), NODE)

    assert [container.name for container in plan.containers] == ["writer", "web"]


def test_the_same_text_is_the_same_pod_and_another_text_another() -> None:
    uids = [
        read_pod(minimal(spec=spec), NODE).sandbox.metadata.uid
        for spec in ("", "", ", dnsPolicy: None")
    ]

    assert uids[0] == uids[1] != uids[2]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a: [", "not one YAML document"),
        ("- 1", "the manifest: a mapping is needed"),
        ("apiVersion: apps/v1\nkind: Deployment", "kind: Pod"),
        ("a: 1\n---\nb: 2", "not one YAML document"),
        ("", "the manifest: a mapping is needed"),
        (minimal() * 2, "duplicate key apiVersion in"),
        (minimal(container=", tty: true, tty: false"), "duplicate key tty in one mapping"),
        (minimal(metadata=", generateName: x-"), "metadata.generateName"),
        (minimal(metadata=", labels: {a: 1}"), r"metadata.labels\[a\]: a string"),
        ("apiVersion: v1\nkind: Pod\nspec: {containers: []}", "spec.containers is missing"),
        (minimal(spec=", nodeName: here"), "spec.nodeName is not supported"),
        (minimal(spec=", hostNetwork: 'yes'"), "spec.hostNetwork: true or false"),
        (minimal(spec=", dnsPolicy: Cluster"), "spec.dnsPolicy: 'Cluster' is not supported"),
        (minimal(spec=", securityContext: {fsGroup: 1}"), "spec.securityContext.fsGroup"),
        (minimal(spec=", volumes: [{name: v, secret: {}}]"), r"spec.volumes\[0\].v: only emptyDir"),
        (minimal(spec=", volumes: [{name: v, emptyDir: {medium: Memory}}]"), "emptyDir.medium"),
        (minimal(spec=", volumes: [{name: v, hostPath: {path: here}}]"), "not an absolute path"),
        (minimal(container=", livenessProbe: {exec: {}}"), r"spec.containers\[0\].livenessProbe"),
        (minimal(container=", lifecycle: {stopSignal: SIGINT}"), "lifecycle"),
        (minimal(container=", tty: 1"), r"containers\[0\].tty: true or false"),
        (minimal(container=", args: [1]"), r"args\[0\]: a string"),
        (minimal(container=", env: [{name: A, value: 1}]"), r"env\[0\].value: a string"),
        (minimal(container=", env: [{name: A, valueFrom: {}}]"), r"env\[0\].valueFrom"),
        (minimal(container=", ports: [{hostPort: 1}]"), "containerPort is missing"),
        (minimal(container=", ports: [{containerPort: true}]"), "containerPort: a whole number"),
        (minimal(container=", resources: {limits: {nvidia.com/gpu: 1}}"), "limits.nvidia.com/gpu"),
        (minimal(container=", resources: {limits: {memory: much}}"), "limits.memory: 'much'"),
        (minimal(container=", resources: {limits: {cpu: 1Q}}"), "limits.cpu: '1Q'"),
        (minimal(container=", volumeMounts: [{name: v, mountPath: /v}]"), "no volume 'v'"),
        (minimal(container=", securityContext: {procMount: Half}"), "procMount: 'Half'"),
        (minimal(container=", securityContext: {seccompProfile: {}}"), "seccompProfile.type"),
        (minimal(container=", securityContext: {appArmorProfile: {type: Unconfined}}"), "appArmor"),
    ],
)  # fmt: skip
def test_what_is_wrong_or_not_supported_is_named(text: str, named: str) -> None:
    with pytest.raises(InvalidArgument, match=named):
        read_pod(text, NODE)


@pytest.mark.parametrize("sub_path", ["/etc", "../x", "a/../../x"])
def test_a_sub_path_stays_in_its_volume(sub_path: str) -> None:
    manifest = minimal(
        spec=", volumes: [{name: v, emptyDir: {}}]",
        container=f", volumeMounts: [{{name: v, mountPath: /v, subPath: '{sub_path}'}}]",
    )

    with pytest.raises(InvalidArgument, match="leaves the volume"):
        read_pod(manifest, NODE)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("134217728", 2**27),
        ("128Mi", 2**27),
        ("0.5Gi", 2**29),
        ("1e6", 10**6),
        ("1E3", 1000),
        ("1E", 10**18),
        ("1500m", 2),
        ("64M", 64 * 10**6),
        ("1.5k", 1500),
    ],
)
def test_quantities_are_read_as_kubernetes_writes_them(written: str, meant: int) -> None:
    plan = read_pod(minimal(container=f", resources: {{limits: {{memory: '{written}'}}}}"), NODE)

    resources = plan.containers[0].config.linux.resources
    assert resources.memory_limit_in_bytes == meant


def test_cgroup_parents_are_slices_under_systemd() -> None:
    node = replace(NODE, cgroup_systemd=True)

    plan = read_pod(minimal(metadata=", uid: ab-cd"), node)

    assert plan.sandbox.linux.cgroup_parent == (
        "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podab_cd.slice"
    )


def test_a_node_without_a_cgroup_root_asks_for_no_parent() -> None:
    plan = read_pod(minimal(), replace(NODE, cgroup_root=""))

    assert not plan.sandbox.linux.cgroup_parent


def test_the_hash_is_the_kubelets_own() -> None:
    # The value that the kubelet's own test expects for a container of this name and image.
    text = minimal().replace("app:1", "foo/image:v1").replace("name: app", "name: test_container")

    plan = read_pod(text, NODE)

    assert plan.containers[0].config.annotations["io.kubernetes.container.hash"] == "8e45cbd0"


def image(*, uid: int | None = None, username: str = "") -> cri.Image:
    return cri.Image(
        id="sha256:1", uid=None if uid is None else cri.Int64Value(value=uid), username=username
    )


@pytest.mark.parametrize(
    ("of_image", "user", "username"),
    [
        (image(), 0, ""),
        (image(uid=5), 5, ""),
        (image(uid=0), 0, ""),
        (image(username="web"), 0, "web"),
    ],
)
def test_the_image_gives_its_id_and_its_user(of_image: cri.Image, user: int, username: str) -> None:
    container = read_pod(minimal(), NODE).containers[0]

    config = container.for_image(of_image)

    assert (config.image.image, config.image.user_specified_image) == ("sha256:1", "app:1")
    context = config.linux.security_context
    assert (context.run_as_user.value, context.run_as_username) == (user, username)
    assert container.config.image.image == "app:1"


def test_the_manifests_user_wins_over_the_images() -> None:
    container = read_pod(minimal(container=", securityContext: {runAsUser: 7}"), NODE).containers[0]

    context = container.for_image(image(username="web")).linux.security_context

    assert (context.run_as_user.value, context.run_as_username) == (7, "")


@pytest.mark.parametrize("of_image", [image(), image(uid=0), image(username="web")])
def test_run_as_non_root_refuses_root_and_users_without_a_number(of_image: cri.Image) -> None:
    manifest = minimal(spec=", securityContext: {runAsNonRoot: true}")
    container = read_pod(manifest, NODE).containers[0]

    with pytest.raises(InvalidArgument, match="runAsNonRoot"):
        container.for_image(of_image)

    assert container.for_image(image(uid=5)).linux.security_context.run_as_user.value == 5


if __name__ == "__main__":
    for path in MANIFESTS:
        path.with_suffix(".txtpb").write_text(requests(read_pod(path.read_text(), NODE)))
