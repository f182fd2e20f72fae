"""What the bed tells the person at the terminal."""

import sys


def say(sentence: str) -> None:
    """Tell them, before it happens, what is done to their machine."""
    print(f"test bed: {sentence}", file=sys.stderr, flush=True)  # noqa: T201 - meant for a person
