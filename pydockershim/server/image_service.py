"""ImageService: the table of contents of the image calls.

A method that is missing here is answered with UNIMPLEMENTED.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydockershim.api import runtime_v1 as cri
from pydockershim.images import pull, remove
from pydockershim.images.deps import ImageDeps
from pydockershim.server.required_fields import require
from pydockershim.server.verbose import VerboseInfo
from pydockershim.stats.disk_usage import DiskUsage
from pydockershim.view.view import View


@dataclass(frozen=True, kw_only=True)
class ImageService:
    """The CRI's ImageService, for both of its versions."""

    view: View
    image_deps: ImageDeps
    disk_usage: DiskUsage
    verbose: VerboseInfo

    def ListImages(self, request: cri.ListImagesRequest) -> bytes:
        return self.view.list_images(request.filter)

    def StreamImages(self, request: cri.StreamImagesRequest) -> Iterator[bytes]:
        return self.view.stream_images(request.filter)

    def ImageStatus(self, request: cri.ImageStatusRequest) -> bytes | cri.ImageStatusResponse:
        require(request, "image.image")
        if request.verbose:
            return self.verbose.image(request.image.image)
        return self.view.image_status(request.image.image)

    def ImageFsInfo(self, _: cri.ImageFsInfoRequest) -> bytes:
        return self.disk_usage.info()

    def PullImage(self, request: cri.PullImageRequest) -> cri.PullImageResponse:
        require(request, "image.image")
        auth = request.auth if request.HasField("auth") else None
        return cri.PullImageResponse(image_ref=pull.pull(self.image_deps, request.image, auth))

    def RemoveImage(self, request: cri.RemoveImageRequest) -> cri.RemoveImageResponse:
        require(request, "image.image")
        remove.remove(self.image_deps, request.image.image)
        return cri.RemoveImageResponse()
