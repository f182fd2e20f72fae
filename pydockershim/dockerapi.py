"""The Engine API as plain data: what an engine can do, and the JSON that we read from it.

Both sides of the wall share these shapes: `engine/` fills them, `translate/` reads them. No I/O and
no version test here: what an API version supports is decided in `engine/features.py` alone.
"""

from dataclasses import dataclass
from typing import Any, TypedDict

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class EngineFeatures:
    """The connected engine: its configuration and features, read once per connection.

    `api_version` is the negotiated one, such as `1.51`; `architecture` as Go names it (`amd64`).
    `seccomp` is the daemon's profile (`default` or `builtin`, a path, `unconfined`), empty where
    the kernel has no seccomp. `no_new_privileges_by_default` is also true where the engine does not
    report it.
    """

    server_version: str
    api_version: str
    architecture: str
    cgroup_driver: str
    cgroup_version: int
    runtimes: tuple[str, ...]
    root_dir: str
    seccomp: str
    apparmor: bool
    selinux: bool
    userns_remap: bool
    no_new_privileges_by_default: bool
    containerd_image_store: bool
    # What a newer API version supports.
    local_logs_keep_lf: bool
    names_builtin_seccomp: bool
    read_only_binds_recurse: bool
    execs_start_at_once: bool


class ContainerState(TypedDict):
    """`State` of a container inspect; times are RFC 3339 with up to 9 digits, year 1 for never."""

    Status: str
    Running: bool
    Paused: bool
    OOMKilled: bool
    Pid: int
    ExitCode: int
    Error: str
    StartedAt: str
    FinishedAt: str


class ContainerInspect(TypedDict):
    """`GET /containers/{id}/json`, the part that we read. `Name` begins with a slash."""

    Id: str
    Name: str
    Created: str
    Image: str
    State: ContainerState
    Config: Json
    HostConfig: Json
    NetworkSettings: Json
    Mounts: list[Json]
    ResolvConfPath: str
    HostnamePath: str
    LogPath: str


class ContainerSummary(TypedDict):
    """One entry of `GET /containers/json`; `Created` in seconds."""

    Id: str
    Names: list[str]
    Image: str
    ImageID: str
    Created: int
    State: str
    Status: str
    Labels: dict[str, str]


class ImageInspect(TypedDict):
    """`GET /images/{ref}/json`, the part that we read; the lists may be null."""

    Id: str
    RepoTags: list[str] | None
    RepoDigests: list[str] | None
    Size: int
    Config: Json | None


class ImageSummary(TypedDict):
    """One entry of `GET /images/json`; the lists may be null or hold `<none>` entries."""

    Id: str
    RepoTags: list[str] | None
    RepoDigests: list[str] | None
    Size: int


class ExecInspect(TypedDict):
    """`GET /exec/{id}/json`; `ExitCode` is null until the exit, `Pid` is the host's, 0 at first."""

    ID: str
    Running: bool
    ExitCode: int | None
    Pid: int
    ContainerID: str


class Event(TypedDict):
    """One entry of the event stream: the part that does not depend on labels."""

    Type: str
    Action: str
    Actor: Json
    timeNano: int
