"""The endpoints of images."""

from collections.abc import Callable, Sequence
from contextlib import closing

from pydockershim.dockerapi import ImageInspect, ImageSummary, Json
from pydockershim.engine import time_limits
from pydockershim.engine.auth import Credentials, registry_auth_header
from pydockershim.engine.json_stream import failure, messages, send
from pydockershim.engine.pulls import ProgressTimeout, pull_error, pull_errors
from pydockershim.engine.session import Session
from pydockershim.engine.time_limits import TimeLimit
from pydockershim.engine.unix_http import UnixHttpConnection
from pydockershim.engine.urls import checked_image_name, url_path
from pydockershim.errors import Unknown

_TAR = {"Content-Type": "application/x-tar"}


class ImageApi:
    """`engine.images`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self) -> Sequence[ImageSummary]:
        """Return the images, the untagged ones too, without intermediate layers."""
        summaries: Sequence[ImageSummary] = self._session.call(
            "list the images", time_limits.IMAGES, lambda docker: docker.images()
        )
        return summaries

    def inspect(self, ref: str) -> ImageInspect:
        """Inspect an image by id or name. NotFound."""
        inspect: ImageInspect = self._session.call(
            f"inspect image {ref}",
            time_limits.READ,
            lambda docker: docker.inspect_image(checked_image_name(ref)),  # type: ignore[no-untyped-call]
        )
        return inspect

    def pull(
        self,
        *,
        repository: str,
        tag: str,
        credentials: Credentials | None,
        no_progress_s: float,
        on_progress: Callable[[Json], None] = lambda _record: None,
    ) -> None:
        """Pull an image by tag or digest; it ends with its caller.

        NotFound: the registry has no such image. PermissionDenied: it wants other credentials.
        Unknown with `RegistryUnavailable: `: it does not answer. DeadlineExceeded: no progress.
        """
        what = f"pull {repository}{'@' if ':' in tag else ':'}{tag}"
        headers = {"X-Registry-Auth": registry_auth_header(credentials)} if credentials else {}

        def pull(connection: UnixHttpConnection, api_version: str) -> None:
            url = url_path(api_version, "/images/create", fromImage=repository, tag=tag)
            # Closing the connection ends the pull in the engine.
            with closing(connection), pull_errors(what, no_progress_s):
                timeout = ProgressTimeout(connection, no_progress_s)
                for entry in messages(send(connection, "POST", url, headers=headers)):
                    timeout.watch(entry)
                    on_progress(entry)
                    if message := failure(entry):
                        raise pull_error(what, message)

        self._session.call_apart(what, TimeLimit(no_progress_s, read=True), pull)

    def load(self, tar: bytes) -> None:
        """Load images from the bytes of a `docker save`."""

        def load(connection: UnixHttpConnection, api_version: str) -> None:
            url = url_path(api_version, "/images/load", quiet="1")
            with closing(connection):
                answer = send(connection, "POST", url, headers=_TAR, body=tar)
                for entry in messages(answer):
                    if message := failure(entry):
                        raise Unknown(f"cannot load an image: {message}")

        self._session.call_apart("load an image", time_limits.LOAD, load)

    def remove(self, ref: str, *, force: bool) -> None:
        """Remove an image or one name of it. NotFound; FailedPrecondition when it is in use."""
        self._session.call(
            f"remove image {ref}",
            time_limits.REMOVE,
            lambda docker: docker.remove_image(checked_image_name(ref), force=force),
        )
