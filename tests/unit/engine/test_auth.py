"""Credentials in every form that they come in, and none of them in a log or a repr."""

import base64
import json
import logging
from pathlib import Path

import pytest

from pydockershim.engine import auth
from pydockershim.engine.auth import Credentials, cli_credentials, registry_auth_header
from pydockershim.errors import InvalidArgument

SECRET = "s3cret:with/colon"  # noqa: S105 -- a test's
OTHER = "another"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def header_of(credentials: Credentials) -> dict[str, str]:
    header = registry_auth_header(credentials)
    document: dict[str, str] = json.loads(base64.urlsafe_b64decode(header))
    return document


@pytest.mark.parametrize(
    ("credentials", "document"),
    [
        (
            Credentials(username="me", password=SECRET, server_address="r.example"),
            {"username": "me", "password": SECRET, "serveraddress": "r.example"},
        ),
        (Credentials(auth=encoded(f"me:{SECRET}")), {"username": "me", "password": SECRET}),
        (Credentials(auth=encoded(f"me:{SECRET}\0\0")), {"username": "me", "password": SECRET}),
        (Credentials(auth=encoded("me:")), {"username": "me"}),
        (
            Credentials(username="me", password=SECRET, auth=encoded("you:yours")),
            {"username": "me", "password": SECRET},
        ),
        (Credentials(identity_token=SECRET), {"identitytoken": SECRET}),
        (Credentials(registry_token=SECRET), {"registrytoken": SECRET}),
        (Credentials(), {}),
    ],
)
def test_header_holds_what_there_is(credentials: Credentials, document: dict[str, str]) -> None:
    assert header_of(credentials) == document


def test_header_survives_any_text() -> None:
    text = "pässwörd-\x7f??>>~~"  # ?>~ make + and / in plain base64

    assert header_of(Credentials(username="me", password=text))["password"] == text
    assert not set(registry_auth_header(Credentials(username="m", password=text))) & set("+/\r\n")


@pytest.mark.parametrize("auth", ["%%%", encoded("no colon"), "/w==", "YQ="])
def test_damaged_auth_is_refused_without_showing_it(auth: str) -> None:
    with pytest.raises(InvalidArgument, match="base64 of user:password") as caught:
        registry_auth_header(Credentials(auth=auth))

    assert auth not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_repr_hides_every_secret() -> None:
    credentials = Credentials(
        username="me",
        password=SECRET,
        auth=SECRET,
        identity_token=SECRET,
        registry_token=SECRET,
    )

    assert SECRET not in repr(credentials)
    assert "me" in repr(credentials)


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is both the CLI's configuration and first on PATH."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def configure(cli: Path, **config: object) -> None:
    (cli / "config.json").write_text(json.dumps(config))


def helper(cli: Path, script: str) -> None:
    program = cli / "docker-credential-test"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_no_configuration_is_no_credentials(cli: Path) -> None:
    assert not list(cli.iterdir())
    assert cli_credentials("r.example") is None


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("r.example", "r.example"),
        ("r.example:5000", "r.example:5000"),
        ("https://r.example/v1/", "r.example"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("docker.io", "docker.io"),
    ],
)
def test_configured_auth_is_found_by_registry(cli: Path, key: str, registry: str) -> None:
    configure(
        cli,
        auths={"other.example": {"auth": encoded("no:no")}, key: {"auth": encoded(f"a:{SECRET}")}},
    )

    assert cli_credentials(registry) == Credentials(
        username="a", password=SECRET, server_address=key
    )
    assert cli_credentials("unknown.example") is None


def test_an_empty_entry_is_no_credentials(cli: Path) -> None:
    configure(cli, auths={"r.example": {}})

    assert cli_credentials("r.example") is None


def test_configured_tokens_are_found(cli: Path) -> None:
    configure(cli, auths={"r.example": {"identitytoken": SECRET, "registrytoken": OTHER}})

    assert cli_credentials("r.example") == Credentials(
        identity_token=SECRET, registry_token=OTHER, server_address="r.example"
    )


@pytest.mark.parametrize(
    "config", [{"credsStore": "test"}, {"credHelpers": {"r.example": "test"}, "credsStore": "no"}]
)
def test_helper_is_asked(cli: Path, config: dict[str, object]) -> None:
    configure(cli, **config, auths={"r.example": {}})
    helper(cli, """printf '{"Username": "%s %s", "Secret": "%s"}' "$1" "$(cat)" """ + OTHER)

    assert cli_credentials("r.example") == Credentials(
        username="get r.example", password=OTHER, server_address="r.example"
    )


def test_helper_knows_docker_hub_by_its_old_name(cli: Path) -> None:
    configure(cli, credsStore="test")
    helper(cli, """printf '{"Username": "%s", "Secret": "s"}' "$(cat)" """)

    credentials = cli_credentials("docker.io")

    assert credentials
    assert credentials.username == "https://index.docker.io/v1/"


def test_helper_may_give_an_identity_token(cli: Path) -> None:
    configure(cli, credsStore="test")
    helper(cli, f"""echo '{{"Username": "<token>", "Secret": "{OTHER}"}}'""")

    assert cli_credentials("r.example") == Credentials(
        identity_token=OTHER, server_address="r.example"
    )


def test_configured_auth_counts_when_the_helper_has_nothing(cli: Path) -> None:
    configure(cli, credsStore="test", auths={"r.example": {"auth": encoded(f"a:{SECRET}")}})
    helper(cli, "echo credentials not found in native keychain; exit 1")

    credentials = cli_credentials("r.example")

    assert credentials
    assert credentials.username == "a"


def test_a_helper_that_hangs_counts_as_nothing(cli: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_HELPER_TIMEOUT_S", 0.01)
    configure(cli, credsStore="test")
    helper(cli, "exec sleep 60")

    assert cli_credentials("r.example") is None


@pytest.mark.parametrize(
    "config",
    [
        "{",
        "[]",
        '{"auths": [1]}',
        '{"auths": {"r.example": "s3cret"}}',
        '{"auths": {"r.example": {"auth": "s3cret"}}}',
        '{"credsStore": "not-installed"}',
        '{"credsStore": 7}',
    ],
)
def test_damaged_configuration_is_logged_and_counts_as_nothing(
    cli: Path, caplog: pytest.LogCaptureFixture, config: str
) -> None:
    (cli / "config.json").write_text(config)

    with caplog.at_level(logging.WARNING):
        assert cli_credentials("r.example") is None

    assert "cannot read the docker CLI's credentials for r.example" in caplog.text
    assert "s3cret" not in caplog.text
