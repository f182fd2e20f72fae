"""What the container runs.

- `command` is the Entrypoint, `args` the Cmd; each is left out when empty, because `[]` would
  override the image's. With a command and no args the image's Cmd is not used, as in Docker.
- Variables as `KEY=value`; the last of two with the same name wins. Docker's JSON carries only
  UTF-8, and a `KEY` without `=` would unset the variable.
- `working_dir`: the image's when empty. Never in /proc/<pid>/fd, through which old versions of runc
  expose the host (CVE-2024-21626).
- stdin, stdin_once and tty are passed on.
"""

import re
from collections.abc import Iterable

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import Json
from pydockershim.translate.checks import absolute_path, invalid, no_nul, normal_path

_FD_FOLDER = re.compile(r"/proc/.+/fd(/|$)")


def docker_process(config: cri.ContainerConfig) -> Json:
    """Return the top-level fields of a create body that say what runs."""
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
        raise invalid(
            "command[0]", "is empty; use a program, or send no command to run the image's"
        )
    return checked


def _environment(variables: Iterable[cri.KeyValue]) -> list[str]:
    """Return `KEY=value` strings. No error quotes a value: it may be a secret."""
    environment: dict[str, str] = {}
    for index, variable in enumerate(variables):
        key = variable.key
        if not key or "=" in key or "\0" in key:
            raise invalid(
                f"envs[{index}].key", f"{key!r} is not a valid name; use one without '=' and NUL"
            )
        environment.pop(key, None)
        environment[key] = _environment_value(key, variable.value)
    return [f"{key}={value}" for key, value in environment.items()]


def _environment_value(key: str, raw: bytes) -> str:
    field = f"envs[{key!r}].value"
    try:
        value = no_nul(field, raw.decode())
    except UnicodeDecodeError:
        raise invalid(field, "is not UTF-8, which Docker requires; encode it") from None
    if key == "HOME" and "\n" in value:
        raise invalid(field, "contains a newline, which would add a line to /etc/passwd; remove it")
    return value


def _working_dir(path: str) -> str:
    if not path:
        return ""
    # The kernel resolves a link before a `..` that follows it, so both readings are checked.
    parts = absolute_path("working_dir", path).split("/")
    as_written = "/" + "/".join(part for part in parts if part not in {"", "."})
    if _FD_FOLDER.match(as_written) or _FD_FOLDER.match(normal_path(path)):
        raise invalid(
            "working_dir", f"{path!r} is outside of the container; use a directory inside it"
        )
    return path
