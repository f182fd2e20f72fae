"""Whatever a client sends: the translation ends in JSON for Docker, or in an error of ours."""

import json
from typing import Any

from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import EngineFeatures
from pydockershim.errors import ShimError
from tests.unit.translate.descriptors import holds_fields
from tests.unit.translate.engines import ENGINES
from tests.unit.translate.translation import (
    container_config,
    sandbox_config,
    translated_container,
    translated_sandbox,
)

# Short texts that mean something somewhere, and any text at all.
TEXTS = st.sampled_from(
    ["", "a", "/", "/a", "/a/../b", "..", "0", "-1", "a b", "a\nb", "\0", "ALL", "localhost//a"]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SELDOM = st.integers(0, 5).map(lambda number: number == 5)
NUMBERS = st.sampled_from([0, 1, -1, 2**31 - 1, 80, 2**20 * 8])


def scalars(field: Any) -> st.SearchStrategy[Any]:
    """Return values that the field can hold."""
    if field.enum_type:
        return st.sampled_from([*field.enum_type.values_by_number, 77])
    by_type: dict[int, st.SearchStrategy[Any]] = {
        field.CPPTYPE_BOOL: st.booleans(),
        field.CPPTYPE_STRING: st.binary(max_size=8) if field.type == field.TYPE_BYTES else TEXTS,
        field.CPPTYPE_UINT32: NUMBERS.map(abs),
        field.CPPTYPE_UINT64: NUMBERS.map(abs),
        field.CPPTYPE_INT64: NUMBERS | st.sampled_from([2**63 - 1, -(2**63)]),
    }
    return by_type.get(field.cpp_type, NUMBERS)


def fill_some(draw: st.DrawFn, message: Message) -> None:
    """Set some fields of the message, and of those within it."""
    for field in message.DESCRIPTOR.fields:
        if not draw(SELDOM):
            continue
        value = getattr(message, field.name)
        if holds_fields(field):
            fill_some(draw, value.add() if field.is_repeated else value)
            if not field.is_repeated:
                value.SetInParent()
        elif field.message_type:
            value.update(draw(st.dictionaries(TEXTS, TEXTS, max_size=2)))
        elif field.is_repeated:
            value.extend(draw(st.lists(scalars(field), max_size=2)))
        else:
            setattr(message, field.name, draw(scalars(field)))


@st.composite
def configs(draw: st.DrawFn, least: Any) -> Any:
    config = least()
    fill_some(draw, config)
    return config


FEATURES = st.sampled_from(list(ENGINES.values()))


@given(config=configs(sandbox_config), features=FEATURES)
def test_any_sandbox_ends_in_json_or_in_our_error(
    config: cri.PodSandboxConfig, features: EngineFeatures
) -> None:
    try:
        translated = translated_sandbox(config, features=features)
    except ShimError:
        return
    json.dumps(translated, ensure_ascii=False).encode()


@given(config=configs(container_config), features=FEATURES)
def test_any_container_ends_in_json_or_in_our_error(
    config: cri.ContainerConfig, features: EngineFeatures
) -> None:
    try:
        translated = translated_container(config, sandbox_config(), features=features)
    except ShimError:
        return
    json.dumps(translated, ensure_ascii=False).encode()
