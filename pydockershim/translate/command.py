"""What the container runs.

- `command` is the Entrypoint, `args` the Cmd; each is left out when empty, for `[]` would take the
  image's away. With a command and no args the image's Cmd is not used; Docker has the same rule.
- Variables as `KEY=value`; the last of two with one name wins. Docker's JSON carries only UTF-8,
  and a `KEY` without `=` would unset the variable.
- `working_dir`: the image's when empty. Never into /proc/<pid>/fd, a door to the host that old
  versions of runc leave open.
- stdin, its closing after the first attach, and the TTY as they are.
"""

import re
from collections.abc import Iterable

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import Json
from pydockershim.translate.checks import absolute_path, invalid, no_nul, normal_path

_FD_FOLDER = re.compile(r"/proc/.+/fd(/|$)")


def docker_process(config: cri.ContainerConfig) -> Json:
    """Return the fields at the top of a create body that say what runs."""
    words = {
        "Entrypoint": _words("command", config.command),
        "Cmd": _words("args", config.args),
        "Env": _environment(config.envs),
        "WorkingDir": _working_dir(config.working_dir),
    }
    return {
        **{name: value for name, value in words.items() if value},
        "OpenStdin": config.stdin,
        "StdinOnce": config.stdin_once,
        "Tty": config.tty,
    }


def _words(name: str, words: Iterable[str]) -> list[str]:
    checked = [no_nul(f"{name}[{index}]", word) for index, word in enumerate(words)]
    if name == "command" and checked and not checked[0]:
        raise invalid("command[0]", "is empty; name a program, or send no command for the image's")
    return checked


def _environment(variables: Iterable[cri.KeyValue]) -> list[str]:
    """Return `KEY=value` strings. No error quotes a value: it may be a secret."""
    environment: dict[str, str] = {}
    for index, variable in enumerate(variables):
        key = variable.key
        if not key or "=" in key or "\0" in key:
            raise invalid(
                f"envs[{index}].key", f"{key!r} cannot be a name; use one without '=' and NUL"
            )
        environment.pop(key, None)
        environment[key] = _environment_value(key, variable.value)
    return [f"{key}={value}" for key, value in environment.items()]


def _environment_value(key: str, raw: bytes) -> str:
    field = f"envs[{key!r}].value"
    try:
        value = no_nul(field, raw.decode())
    except UnicodeDecodeError:
        raise invalid(field, "is not UTF-8, which Docker cannot carry; encode it") from None
    if key == "HOME" and "\n" in value:
        raise invalid(field, "has a newline, which would forge a line of /etc/passwd; leave it out")
    return value


def _working_dir(path: str) -> str:
    if not path:
        return ""
    # The kernel follows a link in the path before a `..` behind it, so both readings count.
    parts = absolute_path("working_dir", path).split("/")
    as_written = "/" + "/".join(part for part in parts if part not in {"", "."})
    if _FD_FOLDER.match(as_written) or _FD_FOLDER.match(normal_path(path)):
        raise invalid("working_dir", f"{path!r} leads out of the container; use a folder inside it")
    return path
