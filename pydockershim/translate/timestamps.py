"""Times: the Engine's RFC 3339 strings and the CRI's nanoseconds.

- Up to nine digits of a second are kept exactly, with any offset.
- The Engine writes year 1 for "never"; the CRI writes 0. Times before 1970 count as never.
"""

import re
from datetime import UTC, datetime, timedelta

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NS_PER_S = 1_000_000_000


def ns_from_rfc3339(text: str) -> int:
    """Return nanoseconds since 1970; 0 for never, an empty string or an invalid time."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        return 0
    seconds, fraction, offset = match.groups()
    try:
        since_epoch = datetime.fromisoformat(seconds + offset) - _EPOCH
    except ValueError:
        return 0
    nanoseconds = int((fraction or "").ljust(9, "0"))
    return max(0, since_epoch // timedelta(seconds=1) * _NS_PER_S + nanoseconds)
