"""Whether this engine can give a container a negative OOM score; detected once.

Without CAP_SYS_RESOURCE the kernel refuses to lower a score, and the container's start fails. No
API reports it, and not every runc names the reason. So a start that fails with a negative score is
retried with the default one. If that works, negative scores are replaced by the default one until
pydockershim exits.
"""

import logging
import threading

logger = logging.getLogger(__name__)

DEFAULT_SCORE = 0


class OomScoreFloor:
    """The lowest score that the engine can set, once known."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._can_lower: bool | None = None

    @property
    def settled(self) -> bool:
        """Whether the lowest score is known."""
        return self._can_lower is not None

    def clamp(self, score: int) -> int:
        """Return the score to ask the engine for, -1000 to 1000."""
        return max(score, DEFAULT_SCORE) if self._can_lower is False else score

    def learn(self, score: int) -> None:
        """Record that a pause container runs with this score, the lowest that worked."""
        with self._lock:
            if self._can_lower is not None:
                return
            self._can_lower = score < DEFAULT_SCORE
        if not self._can_lower:
            logger.warning(
                "this engine cannot lower a container's oom_score_adj (it lacks CAP_SYS_RESOURCE): "
                "pods get the default score instead of a negative one"
            )
