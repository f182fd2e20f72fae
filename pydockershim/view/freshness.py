"""Whether a cache may be shown: a stale one is an error, never a short list.

COMPAT(kubelet): it restarts what a list leaves out.
"""

from pydockershim.errors import Unavailable


class Freshness:
    """Stale, with a reason, until it is marked fresh; its owner decides which lock it needs.

    `what` names the cache in the error: "the cached `what` is stale".
    """

    def __init__(self, what: str, *, reason: str) -> None:
        self._what = what
        self._reason = reason

    @property
    def is_fresh(self) -> bool:
        """Say whether the cache may be shown."""
        return not self._reason

    def mark_stale(self, reason: str) -> None:
        """From now on the cache may be wrong."""
        self._reason = reason

    def mark_fresh(self) -> None:
        """From now on the cache is up to date."""
        self._reason = ""

    def check(self) -> None:
        """Raise Unavailable, with the reason, while the cache is stale."""
        if reason := self._reason:
            raise Unavailable(f"the cached {self._what} is stale: {reason}; try again")
