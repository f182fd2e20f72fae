"""How this process uses memory."""

import ctypes

_M_ARENA_MAX = -8  # malloc.h


def bound_arenas(count: int) -> None:
    """Have malloc use at most so many arenas, whichever number of threads comes.

    glibc gives each of the first threads (8 a core) an arena of its own, which is never given back:
    with hundreds of workers that is most of what the process would hold. A no-op elsewhere.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, count)
