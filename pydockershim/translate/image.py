"""Images: parsing references, and the CRI's description of an image.

- A reference is parsed as Docker does: no registry means docker.io, a single word there is under
  `library/`, no tag means `latest`, and a tag beside a digest is ignored.
- `sha256:...` and 64 hex digits are an image's id. Fewer hex digits may be the prefix of one, or
  the name of a repository; the repository has precedence.
- One string names an image everywhere in the CRI: the Engine's `Id`.
- Names are as Docker spells them, without its `<none>` placeholders; `image_ref` is the digest in
  the repository that was requested.
- COMPAT(dockerd, containerd image store): an image's id is the digest of its manifest, the same in
  every repository. A list tells it of one repository only, and digests stand among the tags.
- USER of the image: a number is `uid`, anything else `username`; the kubelet checks runAsNonRoot.
"""

import json
import re
from dataclasses import dataclass

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import ImageInspect, ImageSummary
from pydockershim.errors import InvalidArgument
from pydockershim.translate.as_json import as_json

_DEFAULT_REGISTRY = "docker.io"
_ALIASES = {"index.docker.io": _DEFAULT_REGISTRY}
_NAME_LENGTH = 255
_INT64_DIGITS = 18  # more may overflow, and no kernel has such ids

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_REGISTRY = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?")
_WORD = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_WORD}(?:/{_WORD})*")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_ID = re.compile(r"sha256:([0-9a-f]{1,64})|([0-9a-f]{64})")
_SHORT_ID = re.compile(r"[0-9a-f]{4,63}")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A parsed image reference.

    `id_prefix` are the hex digits that an image's id may begin with, empty if it can be no id.
    For an id all other fields are empty.
    """

    registry: str = ""
    path: str = ""
    tag: str = ""
    digest: str = ""
    id_prefix: str = ""

    @property
    def is_id(self) -> bool:
        """Say whether it can only be an id."""
        return not self.registry

    @property
    def repository(self) -> str:
        """Return the full name, with the registry and without tag and digest."""
        return f"{self.registry}/{self.path}"

    @property
    def version(self) -> str:
        """Return the digest if there is one, else the tag: what a pull requests."""
        return self.digest or self.tag

    @property
    def canonical(self) -> str:
        """Return the one spelling of all equivalent references."""
        if self.is_id:
            return f"sha256:{self.id_prefix}"
        return (
            f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"
        )


def parse_reference(text: str) -> Reference:
    """Parse a reference; InvalidArgument when Docker could not parse it."""
    reference = _read(text)
    if reference is None:
        raise InvalidArgument(
            f"image {text!r} is not a valid image reference; use "
            "[registry/]name[:tag][@digest] in lower case, or an id such as sha256:<64 hex digits>"
        )
    return reference


def tags(image: ImageInspect | ImageSummary) -> list[str]:
    """Return the image's names with a tag."""
    return [name for name in _named(image) if "@" not in name]


def digests(image: ImageInspect | ImageSummary) -> list[str]:
    """Return the image's names with a digest: each repository's, as far as Docker knows it."""
    told = [name for name in _named(image) if "@" in name]
    same_everywhere = any(name.endswith(f"@{image['Id']}") for name in told)
    if same_everywhere:
        told += [f"{_without_tag(tag)[0]}@{image['Id']}" for tag in tags(image)]
    return list(dict.fromkeys(told))


def canonical_names(image: ImageInspect | ImageSummary) -> list[str]:
    """Return the canonical spelling of every tag and digest of the image."""
    references = map(_read, (*tags(image), *digests(image)))
    return [reference.canonical for reference in references if reference]


def image_ref(spec: cri.ImageSpec, image: ImageInspect | ImageSummary) -> str:
    """Return the digested reference of a requested image.

    Its digest in the requested repository, else its first digest, else its id.
    """
    asked = parse_reference(asked_image(spec))
    told = digests(image)
    same_repository = [
        digest
        for digest in told
        if (reference := _read(digest)) and reference.repository == asked.repository
    ]
    return next(iter([*same_repository, *told]), image["Id"])


def cri_image(inspect: ImageInspect, *, pinned: bool) -> cri.Image:
    """Return the CRI's description of an image; the kubelet never collects a pinned one."""
    repo_tags, repo_digests = tags(inspect), digests(inspect)
    user = ((inspect["Config"] or {}).get("User") or "").partition(":")[0]
    uid = _uid(user)
    return cri.Image(
        id=inspect["Id"],
        repo_tags=repo_tags,
        repo_digests=repo_digests,
        size=max(1, inspect["Size"]),  # COMPAT(kubelet): it takes 0 for an error
        uid=None if uid is None else cri.Int64Value(value=uid),
        username=user if uid is None else "",
        spec=cri.ImageSpec(image=next(iter([*repo_tags, *repo_digests]), inspect["Id"])),
        pinned=pinned,
    )


def image_info(inspect: ImageInspect) -> dict[str, str]:
    """Return the verbose part of ImageStatus: the image's own configuration as JSON."""
    config = inspect["Config"] or {}
    document = {"imageSpec": {"config": config}, "labels": config.get("Labels") or {}}
    return {"info": json.dumps(document)}


def asked_image(spec: cri.ImageSpec) -> str:
    """Return the name that the pod's author wrote, where the caller passed it on."""
    return spec.user_specified_image or spec.image


def cri_asked_image(spec: cri.ImageSpec) -> cri.ImageSpec:
    """Return the spec for a status, with the requested name, never another tag."""
    shown = cri.ImageSpec()
    shown.CopyFrom(spec)
    shown.image = asked_image(spec)
    return shown


def docker_credentials(auth: cri.AuthConfig) -> dict[str, str]:
    """Return the credentials as plain data, CRI names, unset ones left out. Never log them."""
    return as_json(auth)


def _uid(user: str) -> int | None:
    """Return a numeric USER as a number; None for a name or a number too long for an id."""
    is_number = user.isascii() and user.isdecimal() and len(user) <= _INT64_DIGITS
    return int(user) if is_number else None


def _read(text: str) -> Reference | None:
    if match := _ID.fullmatch(text):
        return Reference(id_prefix=match[1] or match[2])
    named, at, digest = text.partition("@")
    name, tag = _without_tag(named)
    registry, path = _split_registry(name)
    readable = (
        _REGISTRY.fullmatch(registry)
        and _PATH.fullmatch(path)
        and (not tag or _TAG.fullmatch(tag))
        and (not at or _DIGEST.fullmatch(digest))
        and not named.endswith(":")
        and len(name) <= _NAME_LENGTH
    )
    if not readable:
        return None
    return Reference(
        registry=registry,
        path=path,
        tag="" if digest else tag or "latest",
        digest=digest,
        id_prefix=text if _SHORT_ID.fullmatch(text) else "",
    )


def _without_tag(named: str) -> tuple[str, str]:
    folder, slash, last = named.rpartition("/")
    base, _, tag = last.partition(":")
    return folder + slash + base, tag


def _split_registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    is_registry = slash and (
        "." in first or ":" in first or first == "localhost" or first != first.lower()
    )
    registry, path = (first, rest) if is_registry else (_DEFAULT_REGISTRY, name)
    registry = _ALIASES.get(registry, registry)
    if registry == _DEFAULT_REGISTRY and "/" not in path:
        path = f"library/{path}"
    return registry, path


def _named(image: ImageInspect | ImageSummary) -> list[str]:
    names = (*(image["RepoDigests"] or []), *(image["RepoTags"] or []))
    return [name for name in names if "<none>" not in name]
