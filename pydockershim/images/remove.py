"""RemoveImage: all tags and digests of one image, whichever name it was asked by. Idempotent."""

from contextlib import suppress

from pydockershim.errors import FailedPrecondition, NotFound
from pydockershim.images.tools import ImageTools
from pydockershim.view.entries import ContainerItem


def remove(tools: ImageTools, name: str) -> None:
    """Return when the image is gone; FailedPrecondition when a running container uses it."""
    image = tools.view.image(name)
    if image is None:
        return
    for each in tools.view.items():
        if isinstance(each, ContainerItem) and each.running and each.image_id == image.id:
            raise FailedPrecondition(
                f"image {name} is in use by running container {each.id}; stop that first"
            )
    with suppress(NotFound):
        # By id and by force takes every tag and digest with it.
        tools.engine.remove_image(image.id, force=True)
    tools.view.refresh_images()
