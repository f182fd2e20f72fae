"""RemoveImage: all tags and digests of one image, whichever name it was asked by. Idempotent.

An image that others were made from (`docker commit`, the legacy builder) loses its names: Docker
keeps it as a part of theirs, lists it no more, and removes it with the last of them.
"""

from collections.abc import Iterable
from contextlib import suppress

from pydockershim.errors import FailedPrecondition, NotFound
from pydockershim.images.deps import ImageDeps
from pydockershim.view.image_cache import ImageItem
from pydockershim.view.items import ContainerItem


def remove(deps: ImageDeps, name: str) -> None:
    """Return when the image is gone; FailedPrecondition when a running container uses it."""
    image = deps.view.image(name)
    if image is None:
        return
    containers = [each for each in deps.store.items() if isinstance(each, ContainerItem)]
    _check_unused(name, (each.id for each in containers if _runs(each, image)))
    try:
        # By id and by force takes every tag and digest with it.
        deps.engine.remove_image(image.id, force=True)
    except NotFound:
        pass
    except FailedPrecondition:
        _remove_names(deps, name, image)
    deps.disk_usage.changed()
    deps.image_cache.refresh()


def _remove_names(deps: ImageDeps, name: str, image: ImageItem) -> None:
    """Remove the names one by one, which Docker does even while a container runs the image."""
    running = deps.engine.list_containers(all=False, filters={"ancestor": [image.id]})
    _check_unused(name, (each["Id"] for each in running if each["ImageID"] == image.id))
    for each in (*image.tags, *image.digests):
        with suppress(NotFound):  # a repository's digests go with its last tag
            deps.engine.remove_image(each, force=True)


def _runs(container: ContainerItem, image: ImageItem) -> bool:
    return container.running and container.image_id == image.id


def _check_unused(name: str, users: Iterable[str]) -> None:
    for container_id in users:
        raise FailedPrecondition(
            f"image {name} is in use by running container {container_id}; stop that first"
        )
