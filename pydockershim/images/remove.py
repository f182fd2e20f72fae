"""RemoveImage: all tags and digests of one image, whichever name the request has. Idempotent.

The parent of another image (`docker commit`, the legacy builder) only loses its names: Docker keeps
its layers, no longer lists it, and removes it with the last child.
"""

from collections.abc import Iterable
from contextlib import suppress

from pydockershim.errors import FailedPrecondition, NotFound
from pydockershim.images.deps import ImageDeps
from pydockershim.view.image_cache import ImageItem
from pydockershim.view.items import ContainerItem


def remove(deps: ImageDeps, name: str) -> None:
    """Return when the image is gone; FailedPrecondition while a running container uses it."""
    image = deps.view.image(name)
    if image is None:
        return
    containers = [each for each in deps.store.items() if isinstance(each, ContainerItem)]
    _check_unused(name, (each.id for each in containers if _runs(each, image)))
    try:
        # By id and with force, every tag and digest is removed.
        deps.engine.images.remove(image.id, force=True)
    except NotFound:
        pass
    except FailedPrecondition:
        _remove_names(deps, name, image)
    deps.disk_usage.changed()
    deps.image_cache.refresh()


def _remove_names(deps: ImageDeps, name: str, image: ImageItem) -> None:
    """Remove the names one by one; Docker allows that even while a container runs the image."""
    running = deps.engine.containers.list(all=False, filters={"ancestor": [image.id]})
    _check_unused(name, (each["Id"] for each in running if each["ImageID"] == image.id))
    for each in (*image.tags, *image.digests):
        with suppress(NotFound):  # a repository's digests are removed with its last tag
            deps.engine.images.remove(each, force=True)


def _runs(container: ContainerItem, image: ImageItem) -> bool:
    return container.running and container.image_id == image.id


def _check_unused(name: str, users: Iterable[str]) -> None:
    for container_id in users:
        raise FailedPrecondition(
            f"image {name} is in use by running container {container_id}: stop it first"
        )
