"""The compiled proto is the CRI: what the tables beside this file list, all of it and no more.

The tables hold the facts of the interface as kubelets know it: `cri_v1_*.tsv` as of July 2026,
`cri_v1alpha2_*.tsv` as it was when it was dropped (Kubernetes 1.26).
"""

import csv
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from pydockershim.api import runtime_v1

TABLES = Path(__file__).parent
ROOT = TABLES.parent.parent.parent

SCALARS: dict[int, str] = {
    number: name.removeprefix("TYPE_").lower() for name, number in FieldDescriptorProto.Type.items()
}

Row = tuple[str, ...]


def test_every_message_and_field_is_the_tables() -> None:
    declared = {row for message in messages() for row in field_rows(message)}

    assert declared == set(table("v1_fields"))
    assert len(list(messages())) == 175


def test_every_enum_value_is_the_tables() -> None:
    declared = {
        (local_name(enum), str(value.number), value.name)
        for enum in enums()
        for value in enum.values
    }

    assert declared == set(table("v1_enums"))


def test_every_rpc_is_the_tables() -> None:
    declared = [
        (
            service.name,
            method.name,
            method.input_type.name,
            ("stream " if method.server_streaming else "") + method.output_type.name,
        )
        for service in runtime_v1.DESCRIPTOR.services_by_name.values()
        for method in service.methods
        if not method.client_streaming
    ]

    assert set(declared) == set(table("v1_rpcs"))
    assert len(declared) == 43


def test_v1alpha2_messages_and_fields_read_the_same_in_v1() -> None:
    v1, v1alpha2 = by_number("v1_fields"), by_number("v1alpha2_fields")

    differing = {key: (old, v1.get(key)) for key, old in v1alpha2.items() if v1.get(key) != old}

    # Text and bytes look the same on the wire.
    assert differing == {
        ("KeyValue", "2"): (("value", "string", "", "", ""), ("value", "bytes", "", "", "")),
    }
    assert {row[0] for row in table("v1alpha2_fields")} <= {local_name(each) for each in messages()}


def test_v1alpha2_enum_values_read_the_same_in_v1() -> None:
    assert set(table("v1alpha2_enums")) < set(table("v1_enums"))


def test_the_committed_messages_are_what_the_proto_gives() -> None:
    check = [sys.executable, str(ROOT / "tools" / "make_proto.py"), "--check"]

    result = subprocess.run(check, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr


def table(name: str) -> list[Row]:
    with (TABLES / f"cri_{name}.tsv").open(newline="") as file:
        _heading, *rows = csv.reader(file, delimiter="\t")
    return [tuple(row) for row in rows]


def by_number(name: str) -> dict[Row, Row]:
    return {row[:2]: row[2:] for row in table(name) if row[1]}


def messages() -> Iterator[Descriptor]:
    """Every message but the entries of maps, which the compiler adds."""
    waiting = list(runtime_v1.DESCRIPTOR.message_types_by_name.values())
    while waiting:
        message = waiting.pop()
        if not message.GetOptions().map_entry:
            yield message
        waiting.extend(message.nested_types)


def enums() -> Iterator[EnumDescriptor]:
    yield from runtime_v1.DESCRIPTOR.enum_types_by_name.values()
    for message in messages():
        yield from message.enum_types


def field_rows(message: Descriptor) -> Iterator[Row]:
    name = local_name(message)
    if not message.fields:
        yield (name, "", "", "(no fields)", "", "", "")
    for field in message.fields:
        label = "repeated" if field.is_repeated and not map_entry(field) else ""
        oneof = field.containing_oneof.name if field.containing_oneof else ""
        note = "deprecated" if field.GetOptions().deprecated else ""
        yield (name, str(field.number), field.name, type_name(field), label, oneof, note)


def type_name(field: FieldDescriptor) -> str:
    if (entry := map_entry(field)) is not None:
        key, value = entry.fields
        return f"map<{type_name(key)}, {type_name(value)}>"
    named = field.message_type or field.enum_type
    if named is not None:
        return named.name
    return SCALARS[field.type]


def map_entry(field: FieldDescriptor) -> Descriptor | None:
    entry = field.message_type
    return entry if entry is not None and entry.GetOptions().map_entry else None


def local_name(declared: Descriptor | EnumDescriptor) -> str:
    return declared.full_name.removeprefix(f"{runtime_v1.DESCRIPTOR.package}.")
