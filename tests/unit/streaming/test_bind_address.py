"""The base URL of an address."""

import pytest

from pydockershim.streaming.http.bind_address import BindAddress

_ANY = "0.0.0.0"  # noqa: S104 -- nothing is bound here


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
