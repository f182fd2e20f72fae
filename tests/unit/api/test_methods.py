"""What the server offers and the client calls, under either service name."""

import csv
from pathlib import Path

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.api.services import METHODS, CallKind, Method

TABLES = Path(__file__).parent


@pytest.mark.parametrize(("package", "count"), [("v1", 43), ("v1alpha2", 29)])
def test_each_package_offers_exactly_its_own_rpcs(package: str, count: int) -> None:
    with (TABLES / f"cri_{package}_rpcs.tsv").open(newline="") as file:
        _heading, *rows = csv.reader(file, delimiter="\t")

    offered = [row(method) for method in METHODS if method.path.startswith(f"/runtime.{package}.")]

    assert sorted(offered) == sorted(
        [f"runtime.{package}.{service}", *rest] for service, *rest in rows
    )
    assert len(offered) == count


def test_there_is_no_third_package() -> None:
    assert len(METHODS) == 43 + 29


def test_v1alpha2_speaks_the_messages_of_v1() -> None:
    method = only("/runtime.v1alpha2.ImageService/PullImage")

    assert method.request is cri.PullImageRequest
    assert method.response is cri.PullImageResponse
    assert not method.streams


def test_events_stream() -> None:
    assert only("/runtime.v1.RuntimeService/GetContainerEvents").streams


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.path)
def test_only_a_read_has_a_read_s_name(method: Method) -> None:
    reads = method.name.startswith(("List", "Stream")) or method.name.endswith(
        ("Stats", "Status", "Info", "Version", "Config")
    )

    assert (method.kind is CallKind.READ) == (reads and method.name != "UpdateRuntimeConfig")


def only(path: str) -> Method:
    (method,) = (each for each in METHODS if each.path == path)
    return method


def row(method: Method) -> list[str]:
    response = ("stream " if method.streams else "") + method.response.DESCRIPTOR.name
    return [method.service_name, method.name, method.request.DESCRIPTOR.name, response]
