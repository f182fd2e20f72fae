"""The objects as the view keeps them: the fields that procedures read, and ready wire bytes.

An entry is never changed, only replaced. It holds no protobuf object: those cost twenty times
their bytes. `listed` is the list item, already framed as field 1 of its list response; `status` is
the serialised status message, without a frame because two responses hold it under two numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import ContainerInspect, ContainerState, ContainerSummary, Json
from pydockershim.labels.cri_dockerd import with_missing_facts
from pydockershim.labels.record import ContainerRecord, Record, SandboxRecord
from pydockershim.translate.status import (
    cri_container,
    cri_container_status,
    cri_sandbox,
    cri_sandbox_status,
)
from pydockershim.view.protobuf_wire import framed, varint_field


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxItem:
    """A pause container. `name` is its current Docker name, which may end in `_setup`.

    `engine_state` is Docker's status (`running`, `exited` ...); `pid` is 0 unless it runs.
    `provisional`: known from a list only; other fields are placeholders.
    """

    id: str
    record: SandboxRecord
    name: str
    state: int
    engine_state: str
    running: bool
    pid: int
    created_ns: int
    host_network: bool
    listed: bytes
    status: bytes
    provisional: bool = False

    @property
    def ready(self) -> bool:
        """Say whether the sandbox is SANDBOX_READY."""
        return self.state == cri.SANDBOX_READY

    @property
    def draining(self) -> bool:
        """A pause container has no log that could delay its exit."""
        return False

    @property
    def last_status(self) -> bytes:
        """Return the serialised status to report after its removal."""
        return self.status + varint_field(_STATE, cri.SANDBOX_NOTREADY)  # the last value counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerItem:
    """A pod's container. `state` is a CRI ContainerState; `stop_signal` as Docker names it.

    `log_config` is Docker's: `Type`, the driver, and `Config`, its options.

    `finished_ns` is 0 for never. `draining`: it has exited, but is shown as running, because its
    exit is delayed (`exits`). `provisional`: as for a sandbox; it has no log config and no TTY.
    """

    id: str
    record: ContainerRecord
    name: str
    state: int
    engine_state: str
    running: bool
    pid: int
    created_ns: int
    finished_ns: int
    exit_code: int
    image_id: str
    stop_signal: str
    log_config: Json
    tty: bool
    listed: bytes
    status: bytes
    draining: bool = False
    provisional: bool = False

    @property
    def sandbox_id(self) -> str:
        """Return the id of the sandbox that the container joined."""
        return self.record.sandbox_id

    @property
    def has_run(self) -> bool:
        """Say whether its start has ever succeeded."""
        return self.engine_state != "created"


Item = SandboxItem | ContainerItem

_STATE = 3  # field number in PodSandboxStatus
# Go's zero time: what Docker reports for "never".
_NEVER = "0001-01-01T00:00:00Z"


def item_of(inspect: ContainerInspect, record: Record, *, addresses: Sequence[str] = ()) -> Item:
    """Return the entry of a container that is ours; `addresses` are a sandbox's."""
    if isinstance(record, SandboxRecord):
        return _sandbox_item(inspect, record, addresses)
    return _container_item(inspect, record)


def draining_item_of(inspect: ContainerInspect, record: ContainerRecord) -> ContainerItem:
    """Return the entry of an exited container, shown as running."""
    state: ContainerState = {**inspect["State"], "Status": "running", "Running": True}
    return replace(_container_item({**inspect, "State": state}, record), draining=True)


def provisional_item_of(summary: ContainerSummary, record: Record) -> Item:
    """Return an entry from a list entry, when the inspect is unanswered."""
    return replace(item_of(_sparse_inspect(summary), record), provisional=True)


def summary_name(summary: ContainerSummary) -> str:
    """Return the name of a listed container without its slash, empty while it has none."""
    return next((name.removeprefix("/") for name in summary["Names"] or ()), "")


def _sandbox_item(
    inspect: ContainerInspect, record: SandboxRecord, addresses: Sequence[str]
) -> SandboxItem:
    record = with_missing_facts(record, inspect["HostConfig"])
    status = cri_sandbox_status(inspect, record, addresses=addresses)
    return SandboxItem(
        id=inspect["Id"],
        record=record,
        name=inspect["Name"].removeprefix("/"),
        state=status.state,
        engine_state=inspect["State"]["Status"],
        running=inspect["State"]["Running"],
        pid=inspect["State"]["Pid"],
        created_ns=status.created_at,
        host_network=inspect["HostConfig"].get("NetworkMode") == "host",
        listed=framed(1, cri_sandbox(status).SerializeToString()),
        status=status.SerializeToString(),
    )


def _container_item(inspect: ContainerInspect, record: ContainerRecord) -> ContainerItem:
    status = cri_container_status(inspect, record)
    return ContainerItem(
        id=inspect["Id"],
        record=record,
        name=inspect["Name"].removeprefix("/"),
        state=status.state,
        engine_state=inspect["State"]["Status"],
        running=inspect["State"]["Running"],
        pid=inspect["State"]["Pid"],
        created_ns=status.created_at,
        finished_ns=status.finished_at,
        exit_code=status.exit_code,
        image_id=status.image_id,
        stop_signal=inspect["Config"].get("StopSignal") or "SIGTERM",
        log_config=inspect["HostConfig"].get("LogConfig") or {},
        tty=bool(inspect["Config"].get("Tty")),
        listed=framed(1, cri_container(status, record.sandbox_id).SerializeToString()),
        status=status.SerializeToString(),
    )


def _sparse_inspect(summary: ContainerSummary) -> ContainerInspect:
    state = summary["State"]
    created = datetime.fromtimestamp(summary["Created"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "Id": summary["Id"],
        "Name": f"/{summary_name(summary)}",
        "Created": created,
        "Image": summary["ImageID"],
        "State": {
            "Status": state,
            "Running": state in {"running", "paused", "restarting"},
            "Paused": state == "paused",
            "OOMKilled": False,
            "Pid": 0,
            "ExitCode": 0,
            "Error": "",
            "StartedAt": _NEVER,
            "FinishedAt": _NEVER,
        },
        "Config": {"Image": summary["Image"], "Labels": summary["Labels"]},
        "HostConfig": {},
        "NetworkSettings": {},
        "Mounts": [],
        "ResolvConfPath": "",
        "HostnamePath": "",
        "LogPath": "",
    }
