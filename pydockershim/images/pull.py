"""PullImage: one image by tag or digest, with the credentials of this request alone."""

from pydockershim.api import runtime_v1 as cri
from pydockershim.engine.auth import Credentials
from pydockershim.errors import InvalidArgument
from pydockershim.images.deps import ImageDeps
from pydockershim.translate.image import docker_credentials, parse_reference
from pydockershim.translate.runtime import docker_runtime


def pull(deps: ImageDeps, image: cri.ImageSpec, auth: cri.AuthConfig | None) -> str:
    """Return the id of the image, the one string that names it everywhere in the CRI.

    InvalidArgument: no name, or an unknown runtime handler. NotFound: the registry has no such
    image. PermissionDenied: it rejects the credentials. Unknown with `RegistryUnavailable: `: it
    does not answer. DeadlineExceeded: no progress.
    """
    reference = parse_reference(image.image)
    if reference.is_id:
        raise InvalidArgument(f"{image.image} is an image id: pull it by name")
    docker_runtime(image.runtime_handler, deps.engine.features, field="image.runtime_handler")
    credentials = Credentials(**docker_credentials(auth)) if auth is not None else None
    deps.engine.images.pull(
        repository=reference.repository,
        tag=reference.version,
        credentials=credentials,
        no_progress_s=deps.pull_progress_s,
    )
    deps.disk_usage.changed()
    return deps.image_cache.refresh_and_find(reference.canonical).id
