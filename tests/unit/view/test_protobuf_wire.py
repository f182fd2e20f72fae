"""What is joined by hand is what protobuf would have written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydockershim.api import runtime_v1 as cri
from pydockershim.view.protobuf_wire import chunks, framed, varint_field


@given(st.lists(st.text(max_size=300)))
def test_framed_items_are_a_list_response(ids: list[str]) -> None:
    items = [cri.PodSandbox(id=each) for each in ids]

    wire = b"".join(framed(1, each.SerializeToString()) for each in items)

    assert wire == cri.ListPodSandboxResponse(items=items).SerializeToString()


@given(st.integers(min_value=1, max_value=2**63 - 1))
def test_varint_field_is_an_int64(value: int) -> None:
    wire = varint_field(4, value)

    assert wire == cri.PodSandboxStatusResponse(timestamp=value).SerializeToString()


def test_empty_list_has_no_chunk() -> None:
    assert list(chunks([])) == []


def test_chunks_hold_at_most_a_hundred_items() -> None:
    assert [len(each) for each in chunks([b"x"] * 250)] == [100, 100, 50]


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 1])
def test_big_item_has_a_chunk_of_its_own(size: int) -> None:
    assert [len(each) for each in chunks([b"x", b"y" * size, b"z"])] == [1, size, 1]


def test_chunk_is_filled_to_a_mebibyte() -> None:
    assert [len(each) for each in chunks([b"x" * (1 << 19)] * 3)] == [1 << 20, 1 << 19]
