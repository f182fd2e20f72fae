"""The flags of the daemon, made from the table of settings and read into a `Config`."""

import argparse
import logging
from collections.abc import Sequence
from typing import Any

from pydockershim import __version__
from pydockershim.config.config import Config
from pydockershim.config.setting import Setting, rows

logger = logging.getLogger(__name__)

_EPILOG = f"""\
examples:
  pydockershim
      serve on {Config().endpoint}, with pods on Docker's own bridge
  pydockershim --container-runtime-endpoint unix:///tmp/shim.sock --state-dir /tmp/shim
      run a second instance: needs its own socket and state directory
  crictl --runtime-endpoint {Config().endpoint} pods
      list the pods
"""

# COMPAT(cri-dockerd): so that a unit file written for cri-dockerd starts this program.
IGNORED = (
    # CNI
    "--cni-conf-dir",
    "--cni-bin-dir",
    "--cni-cache-dir",
    "--pod-cidr",
    "--ipv6-dual-stack",
    # kubenet, which Kubernetes has removed
    "--hairpin-mode",
    "--network-plugin-mtu",
    # The time limits of calls to the engine are fixed per kind of call.
    "--runtime-request-timeout",
    # The unit file or its manager decides on the daemon's cgroup.
    "--runtime-cgroups",
)


def parse(arguments: Sequence[str]) -> Config:
    """Return the settings; InvalidArgument names a flag that is wrong. `--help` exits."""
    options = vars(_parser().parse_args(arguments))
    for flag in IGNORED:
        if options[flag] is not None:
            logger.warning("%s is accepted for compatibility with cri-dockerd and ignored", flag)
    given = ((name, row) for name, row in rows(Config) if options[name] is not None)
    return Config(**{name: _value(row, options[name]) for name, row in given})


def _value(row: Setting, option: str | list[str]) -> Any:
    text = option if isinstance(option, str) else ",".join(option)
    return row.read(text, source=row.flags[0])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pydockershim",
        description="Kubernetes' Container Runtime Interface (CRI), implemented on a Docker Engine",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--version", action="version", version=f"pydockershim {__version__}")
    groups = {"": add}
    for name, row in rows(Config):
        if row.group not in groups:
            groups[row.group] = parser.add_argument_group(row.group).add_argument
        groups[row.group](
            *row.flags,
            dest=name,
            action="append" if row.repeated else "store",
            metavar=row.metavar,
            help=f"{row.help} (default {row.default})" if row.default else row.help,
        )
    for flag in IGNORED:
        # COMPAT(cri-dockerd): its boolean flags stand alone or take =true and =false.
        add(flag, dest=flag, nargs="?", const="true", help=argparse.SUPPRESS)
    add("--buildinfo", action="version", version=__version__, help=argparse.SUPPRESS)
    return parser
