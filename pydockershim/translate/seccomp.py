"""System call filters.

- The message `seccomp` counts, and only without it the older `seccomp_profile_path`.
- Nothing at all means unconfined: `seccomp=unconfined`.
- RuntimeDefault: the daemon's own default, by saying nothing; `seccomp=builtin` where the daemon
  was told to confine nothing by default.
- Localhost: the profile's text, inline. The daemon never reads a path, so the caller reads the file
  that `profile_path` names.
- A privileged container has no filter, whatever was sent.
- A kernel without seccomp can only run what asks for none.
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
    """Return the path on this node of the profile to read, or None when there is none to read."""
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

    `profile` is the text behind `profile_path`. InvalidArgument when it is no profile.
    """
    asked = _asked(context)
    if privileged:
        return []
    if asked.profile_type == cri.SecurityProfile.Unconfined:
        return ["seccomp=unconfined"]
    if not features.seccomp:
        raise FailedPrecondition(
            f"{_FIELD}: Docker has no seccomp on this node; run the pod unconfined or elsewhere"
        )
    if asked.profile_type == cri.SecurityProfile.Localhost:
        return [f"seccomp={_compact(profile or '', asked.localhost_ref)}"]
    return _runtime_default(features)


def _runtime_default(features: EngineFeatures) -> list[str]:
    if features.seccomp != "unconfined":
        return []
    if not features.names_builtin_seccomp:
        raise FailedPrecondition(
            f"{_FIELD}: this Docker daemon confines nothing by default and cannot name its builtin "
            "profile; take seccomp-profile out of its configuration, or use Docker 23 or newer"
        )
    return ["seccomp=builtin"]


def _asked(context: SecurityContext) -> cri.SecurityProfile:
    """Return the profile that was asked for, in the newer form, its path checked."""
    if not context.HasField("seccomp"):
        return _from_old(context.seccomp_profile_path)
    profile = context.seccomp
    if profile.profile_type != cri.SecurityProfile.Localhost:
        if profile.localhost_ref:
            raise invalid(f"{_FIELD}.localhost_ref", "send it with profile type Localhost only")
        return profile
    return _localhost(f"{_FIELD}.localhost_ref", profile.localhost_ref)


def _from_old(path: str) -> cri.SecurityProfile:
    if path in _OLD_NAMES:
        return cri.SecurityProfile(profile_type=_OLD_NAMES[path])
    if path.startswith(_LOCALHOST):
        return _localhost(_OLD_FIELD, path)
    raise invalid(
        _OLD_FIELD, f"{path!r} is unknown; use runtime/default, unconfined or localhost/<path>"
    )


def _localhost(field: str, reference: str) -> cri.SecurityProfile:
    path = absolute_path(field, reference.removeprefix(_LOCALHOST))
    return cri.SecurityProfile(
        profile_type=cri.SecurityProfile.Localhost, localhost_ref=no_traversal(field, path)
    )


def _compact(text: str, path: str) -> str:
    """Return the profile as one line; its path shows up in an error, its content never."""
    try:
        profile = json.loads(text)
    except ValueError:
        profile = None
    if not isinstance(profile, dict):
        raise invalid(f"{_FIELD}.localhost_ref", f"{path} is no seccomp profile in JSON")
    if profile.get("architectures") and profile.get("archMap"):
        raise invalid(
            f"{_FIELD}.localhost_ref",
            f"{path} has both architectures and archMap; Docker takes only one of them",
        )
    return json.dumps(profile, separators=(",", ":"))
