"""This process's own limits: malloc arenas and open files."""

import ctypes
import resource

_M_ARENA_MAX = -8  # malloc.h


def bound_arenas(count: int) -> None:
    """Limit the number of malloc arenas, however many threads there are.

    glibc gives each new thread (up to 8 per core) its own arena and never frees it: with hundreds
    of workers that would be most of the process's memory. No effect with another libc.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, count)


def allow_open_files() -> None:
    """Raise the soft limit of open files to the hard limit: a log or a session takes a few each.

    Child processes inherit it; the ones started here do not depend on the limit.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
