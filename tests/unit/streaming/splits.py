"""Cuts of a byte string into pieces, for codecs that must not mind them."""

from itertools import pairwise

from hypothesis import strategies as st

CUTS = st.lists(st.integers(min_value=0), max_size=12)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Return the bytes in pieces; a cut is taken modulo the length."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(places)]


def single_bytes(data: bytes) -> list[bytes]:
    """Return the bytes one by one."""
    return [data[at : at + 1] for at in range(len(data))]
