"""What this process takes of its host: memory and open files."""

import ctypes
import resource

_M_ARENA_MAX = -8  # malloc.h


def bound_arenas(count: int) -> None:
    """Have malloc use at most so many arenas, whichever number of threads comes.

    glibc gives each of the first threads (8 a core) an arena of its own, which is never given back:
    with hundreds of workers that is most of what the process would hold. A no-op elsewhere.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, count)


def allow_open_files() -> None:
    """Let the process open as many files as it may: a log and a session take a few each.

    Programs that are started from here inherit it; none of ours minds.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
