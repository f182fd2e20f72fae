"""Seccomp profiles.

- The message `seccomp` is used, and only without it the older `seccomp_profile_path`.
- Neither means unconfined: `seccomp=unconfined`.
- RuntimeDefault: no option, for the daemon's default; `seccomp=builtin` where that default is
  unconfined.
- Localhost: the profile's content, inline. The daemon never reads a path, so the caller reads the
  file that `profile_path` names.
- A privileged container has no seccomp profile, whatever was sent.
- Without seccomp in the kernel only unconfined containers can run.
"""

import json

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import EngineFeatures
from pydockershim.errors import FailedPrecondition
from pydockershim.translate.checks import absolute_path, invalid, no_traversal
from pydockershim.translate.identity import SecurityContext

_FIELD = "linux.security_context.seccomp"
_OLD_FIELD = "linux.security_context.seccomp_profile_path"
_LOCALHOST = "localhost/"
_OLD_NAMES = {
    "": cri.SecurityProfile.Unconfined,
    "unconfined": cri.SecurityProfile.Unconfined,
    "runtime/default": cri.SecurityProfile.RuntimeDefault,
    "docker/default": cri.SecurityProfile.RuntimeDefault,
}


def profile_path(context: SecurityContext, *, privileged: bool = False) -> str | None:
    """Return the path on this node of the profile to read, or None."""
    profile = _asked(context)
    localhost = profile.profile_type == cri.SecurityProfile.Localhost
    return profile.localhost_ref if localhost and not privileged else None


def docker_seccomp(
    context: SecurityContext,
    *,
    profile: str | None,
    features: EngineFeatures,
    privileged: bool = False,
) -> list[str]:
    """Return the seccomp entry of `SecurityOpt`, if there is one.

    `profile` is the content of `profile_path`. InvalidArgument when it is not a profile.
    """
    asked = _asked(context)
    if privileged:
        return []
    if asked.profile_type == cri.SecurityProfile.Unconfined:
        return ["seccomp=unconfined"]
    if not features.seccomp:
        raise FailedPrecondition(
            f"{_FIELD}: Docker has no seccomp on this node; use Unconfined or another node"
        )
    if asked.profile_type == cri.SecurityProfile.Localhost:
        return [f"seccomp={_compact(profile or '', asked.localhost_ref)}"]
    return _runtime_default(features)


def _runtime_default(features: EngineFeatures) -> list[str]:
    if features.seccomp != "unconfined":
        return []
    if not features.names_builtin_seccomp:
        raise FailedPrecondition(
            f"{_FIELD}: this Docker daemon is unconfined by default and cannot name its builtin "
            "profile; remove seccomp-profile from its configuration, or use Docker 23 or newer"
        )
    return ["seccomp=builtin"]


def _asked(context: SecurityContext) -> cri.SecurityProfile:
    """Return the requested profile in the newer form, with its path checked."""
    if not context.HasField("seccomp"):
        return _from_old(context.seccomp_profile_path)
    profile = context.seccomp
    if profile.profile_type != cri.SecurityProfile.Localhost:
        if profile.localhost_ref:
            raise invalid(
                f"{_FIELD}.localhost_ref", "is set without profile type Localhost; leave it empty"
            )
        return profile
    return _localhost(f"{_FIELD}.localhost_ref", profile.localhost_ref)


def _from_old(path: str) -> cri.SecurityProfile:
    if path in _OLD_NAMES:
        return cri.SecurityProfile(profile_type=_OLD_NAMES[path])
    if path.startswith(_LOCALHOST):
        return _localhost(_OLD_FIELD, path)
    raise invalid(
        _OLD_FIELD,
        f"{path!r} is not a valid profile; use runtime/default, unconfined or localhost/<path>",
    )


def _localhost(field: str, reference: str) -> cri.SecurityProfile:
    path = absolute_path(field, reference.removeprefix(_LOCALHOST))
    return cri.SecurityProfile(
        profile_type=cri.SecurityProfile.Localhost, localhost_ref=no_traversal(field, path)
    )


def _compact(text: str, path: str) -> str:
    """Return the profile as one line; an error shows its path, never its content."""
    try:
        profile = json.loads(text)
    except ValueError:
        profile = None
    if not isinstance(profile, dict):
        raise invalid(f"{_FIELD}.localhost_ref", f"{path} is not a seccomp profile in JSON")
    if profile.get("architectures") and profile.get("archMap"):
        raise invalid(
            f"{_FIELD}.localhost_ref",
            f"{path} has both architectures and archMap; Docker takes only one of them",
        )
    return json.dumps(profile, separators=(",", ":"))
