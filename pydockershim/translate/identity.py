"""User and groups of the container's first process.

- `run_as_user` or `run_as_username`, never both; a group needs one of them.
- Neither: the image's USER. `User` is `user` or `user:group`.
- Supplemental groups are `GroupAdd`, as numbers.
- Merge also gives the groups that the image's /etc/group lists for the user. Docker adds them only
  where `User` names no group; so with `run_as_group` they are looked up: `groups_wanted` says for
  which user, `image_groups` reads the two files.
- Ids go up to 2^31 - 1: Docker and runc refuse larger ones.
"""

from collections.abc import Iterable

from pydockershim.api import runtime_v1 as cri
from pydockershim.translate.checks import between, invalid, plain_word

_FIELD = "linux.security_context"
_MAX_ID = 2**31 - 1

SecurityContext = cri.LinuxContainerSecurityContext | cri.LinuxSandboxSecurityContext


def docker_user(context: SecurityContext) -> str:
    """Return `Config.User`, empty for the image's own."""
    user = _user(context)
    if not context.HasField("run_as_group"):
        return user
    group = _id("run_as_group", context.run_as_group.value)
    if not user:
        raise invalid(
            f"{_FIELD}.run_as_group",
            "is set without a user; set run_as_user or run_as_username too",
        )
    return f"{user}:{group}"


def docker_groups(context: SecurityContext, image_groups: Iterable[int] = ()) -> list[str]:
    """Return `HostConfig.GroupAdd`; `image_groups` are those of the user in `groups_wanted`."""
    asked = [
        _id(f"supplemental_groups[{index}]", group)
        for index, group in enumerate(context.supplemental_groups)
    ]
    return [str(group) for group in dict.fromkeys([*asked, *image_groups])]


def groups_wanted(context: SecurityContext) -> str | None:
    """Return the user (name or uid) whose groups must be looked up in the image, or None."""
    return _user(context) or None if context.HasField("run_as_group") else None


def image_groups(user: str, *, passwd: str, group: str) -> tuple[int, ...]:
    """Return the ids of the groups that the image's files list for a user (a name or a uid)."""
    name = _name_of(user, passwd)
    members = [line.split(":") for line in group.splitlines()]
    return tuple(
        int(fields[2])
        for fields in members
        if len(fields) >= 4  # noqa: PLR2004  # name, password, gid, members
        and name in fields[3].split(",")
        and fields[2].isdecimal()
        and int(fields[2]) <= _MAX_ID
    )


def _user(context: SecurityContext) -> str:
    username = getattr(context, "run_as_username", "")
    if not context.HasField("run_as_user"):
        return _username(username) if username else ""
    if username:
        raise invalid(
            f"{_FIELD}.run_as_username", "is set together with run_as_user; set only one of them"
        )
    return str(_id("run_as_user", context.run_as_user.value))


def _username(name: str) -> str:
    field = f"{_FIELD}.run_as_username"
    if ":" in plain_word(field, name):
        raise invalid(field, f"{name!r} contains ':'; set a group with run_as_group")
    return name


def _id(name: str, value: int) -> int:
    return between(f"{_FIELD}.{name}", value, low=0, high=_MAX_ID)


def _name_of(user: str, passwd: str) -> str | None:
    """Return the first name that /etc/passwd has for a name or a uid, as Docker looks it up."""
    for line in passwd.splitlines():
        name, _, uid, *_ = [*line.split(":"), "", "", ""]
        if name and user in {name, uid}:
            return name
    return None
