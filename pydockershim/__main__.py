"""The command `pydockershim [flags]`: reads the flags, sets up the log and runs the daemon."""

import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from pydockershim.cli import flags
from pydockershim.daemon.daemon import serve
from pydockershim.errors import ShimError

# COMPAT(cri-dockerd): levels of logrus that Python does not have.
_LOG_LEVELS = {"trace": "DEBUG", "warn": "WARNING", "fatal": "CRITICAL", "panic": "CRITICAL"}


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Serve until a signal; exit with 1 and a sentence on standard error if that is impossible."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        config = flags.parse(sys.argv[1:] if arguments is None else arguments)
        _set_log_level(config.log_level)
        serve(config)
    except ShimError as error:
        print(f"pydockershim: {error}", file=sys.stderr)  # noqa: T201  # for the operator
        _exit(1)
    except Exception:
        logging.getLogger(__name__).exception("internal error")
        _exit(1)
    _exit(0)


def _set_log_level(level: str) -> None:
    # Other packages stay at WARNING: their debug messages may contain what must not be logged.
    logging.getLogger("pydockershim").setLevel(_LOG_LEVELS.get(level, level.upper()))


def _exit(code: int) -> NoReturn:
    """Exit at once: threads that still wait for the engine must not delay it."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
