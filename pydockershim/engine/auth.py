"""Registry credentials: of a pull, and from the docker CLI's configuration.

Secrets live only in `Credentials`, whose repr hides them; nothing here logs or stores one.
"""

import base64
import binascii
import json
import logging
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from pydockershim.dockerapi import Json
from pydockershim.errors import InvalidArgument

logger = logging.getLogger(__name__)

_HUB = "docker.io"
_HUB_HOSTS = frozenset({_HUB, "index.docker.io", "registry-1.docker.io"})
_HUB_KEY = "https://index.docker.io/v1/"  # the CLI's key for Docker Hub
_TOKEN_USER = "<token>"  # noqa: S105 -- a marker of the helper protocol, not a secret
_HELPER_TIMEOUT_S = 10

# Raised for a configuration or a credential helper that is missing or malformed.
_UNREADABLE = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError),
    *(InvalidArgument, subprocess.TimeoutExpired),
)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a registry may ask for; an empty string where there is nothing.

    `auth` is base64 of `user:password` (NULs may follow), used when `username` is empty.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    auth: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)
    server_address: str = ""


def registry_auth_header(credentials: Credentials) -> str:
    """Return the value of X-Registry-Auth; InvalidArgument when `auth` cannot be decoded.

    The engine itself ignores an `auth` there, so it is decoded here.
    """
    username, password = credentials.username, credentials.password
    if credentials.auth and not username:
        username, password = _decode_auth(credentials.auth)
    document = {
        "username": username,
        "password": password,
        "identitytoken": credentials.identity_token,
        "registrytoken": credentials.registry_token,
        "serveraddress": credentials.server_address,
    }
    filled = {key: value for key, value in document.items() if value}
    return base64.urlsafe_b64encode(json.dumps(filled).encode()).decode()


def cli_credentials(registry: str) -> Credentials | None:
    """Return the docker CLI's credentials of this user for a registry host; None without any.

    The host is as in an image name (`docker.io`, `registry.example:5000`). A credential helper that
    the configuration names is run. What cannot be read is logged and ignored.
    """
    try:
        config = _cli_config()
        return _from_helper(config, registry) or _from_auths(config, registry)
    except _UNREADABLE as error:
        logger.warning(
            "cannot read the docker CLI's credentials for %s (%s); pulling without credentials",
            registry,
            type(error).__name__,
        )
        return None


def _decode_auth(auth: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(auth.strip(), validate=True).rstrip(b"\0").decode()
        username, separator, password = text.partition(":")
    except (binascii.Error, UnicodeError):
        username = separator = password = ""
    if not separator:
        # Raised outside of the handler: a chained cause would show the secret.
        raise InvalidArgument(
            "the auth field of the registry credentials is not base64 of user:password"
        )
    return username, password


def _cli_config() -> Json:
    directory = os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker"
    try:
        config: Json = json.loads((Path(directory) / "config.json").read_bytes())
    except FileNotFoundError:
        return {}
    return config


def _from_auths(config: Json, registry: str) -> Credentials | None:
    entries = config.get("auths") or {}
    for key, entry in entries.items():
        if _same_registry(_host(key), registry) and any(entry.values()):
            username, password = _decode_auth(entry["auth"]) if entry.get("auth") else ("", "")
            return Credentials(
                username=username,
                password=password,
                identity_token=entry.get("identitytoken", ""),
                registry_token=entry.get("registrytoken", ""),
                server_address=key,
            )
    return None


def _from_helper(config: Json, registry: str) -> Credentials | None:
    """Run `docker-credential-<name>`: takes the server's name, prints JSON with user and secret."""
    server = _HUB_KEY if registry in _HUB_HOSTS else registry
    name = (config.get("credHelpers") or {}).get(server) or config.get("credsStore")
    if not name:
        return None
    answer = subprocess.run(  # noqa: S603 -- the program named in the user's own configuration
        [f"docker-credential-{name}", "get"],
        input=server.encode(),
        capture_output=True,
        timeout=_HELPER_TIMEOUT_S,
        check=False,
    )
    if answer.returncode != 0:  # it has no credentials for this server
        return None
    found = json.loads(answer.stdout)
    if found["Username"] == _TOKEN_USER:
        return Credentials(identity_token=found["Secret"], server_address=server)
    return Credentials(username=found["Username"], password=found["Secret"], server_address=server)


def _host(key: str) -> str:
    """Return the host of an `auths` key, which older CLIs wrote as a URL."""
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0]


def _same_registry(host: str, registry: str) -> bool:
    return host == registry or {host, registry} <= _HUB_HOSTS
