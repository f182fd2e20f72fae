"""Whether this engine may give a container an OOM score below its own: found out, once.

Without CAP_SYS_RESOURCE the kernel refuses to lower a score, and runc fails the container's start.
No API tells beforehand. The first start that is refused for it settles the question until this
program ends; from then on a negative score becomes the one that a container gets by default.
"""

import logging
import threading

from pydockershim.errors import ShimError

logger = logging.getLogger(__name__)

_DEFAULT_SCORE = 0
# The file that runc names when it may not write it.
# COMPAT(runc 1.1): all that it says (with Docker 20.10) is that its child has gone.
_SIGNS = ("oom_score_adj", "can't get final child's PID")


class OomScoreFloor:
    """Owns what is known about it; starts out hopeful."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clamps = False

    def clamp(self, score: int) -> int:
        """Return the score to ask the engine for, -1000 to 1000."""
        return max(score, _DEFAULT_SCORE) if self._clamps else score

    def learn(self, failure: ShimError, *, asked: int) -> bool:
        """Say whether a start failed because of the score it asked for; clamped ever after."""
        if asked >= _DEFAULT_SCORE or not any(sign in str(failure) for sign in _SIGNS):
            return False
        with self._lock:
            if not self._clamps:
                logger.warning(
                    "this engine may not lower a container's oom_score_adj (it lacks "
                    "CAP_SYS_RESOURCE): pods run without protection from the OOM killer"
                )
            self._clamps = True
        return True

    def learn_from_pause(self, score: int) -> None:
        """Take over what an earlier run of this program found out: a pause container's score."""
        if score >= _DEFAULT_SCORE:
            self._clamps = True
