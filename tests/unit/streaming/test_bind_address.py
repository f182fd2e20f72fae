"""`--streaming-bind-addr` and the base URL."""

import pytest

from pydockershim.errors import InvalidArgument
from pydockershim.streaming.http.bind_address import BindAddress, parse_bind_address

_ANY = "0.0.0.0"  # noqa: S104 -- nothing is bound here


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", BindAddress("127.0.0.1", 0)),
        ("127.0.0.1", BindAddress("127.0.0.1", 0)),
        ("127.0.0.1:10010", BindAddress("127.0.0.1", 10010)),
        (":10010", BindAddress(_ANY, 10010)),
        ("10.0.0.7:0", BindAddress("10.0.0.7", 0)),
        ("::1", BindAddress("::1", 0)),
        ("[::1]", BindAddress("::1", 0)),
        ("[::1]:10010", BindAddress("::1", 10010)),
        ("[::]:10010", BindAddress("::", 10010)),
    ],
)
def test_addresses_as_cri_dockerd_takes_them(text: str, address: BindAddress) -> None:
    assert parse_bind_address(text) == address


@pytest.mark.parametrize(
    "text", ["localhost:1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", ":"]
)
def test_other_addresses_name_the_flag(text: str) -> None:
    with pytest.raises(InvalidArgument, match="--streaming-bind-addr"):
        parse_bind_address(text)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:10010"),
        (_ANY, "http://127.0.0.1:10010"),
        ("::", "http://[::1]:10010"),
        ("10.0.0.7", "http://10.0.0.7:10010"),
        ("fd00::1", "http://[fd00::1]:10010"),
    ],
)
def test_urls_are_absolute_and_never_a_wildcard(host: str, url: str) -> None:
    assert BindAddress(host, 0).base_url("http", 10010) == url
