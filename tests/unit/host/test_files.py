"""Files of this host: found, made, read and rewritten, and why not."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pydockershim.errors import FailedPrecondition, InvalidArgument, NotFound
from pydockershim.host.files import (
    overwrite_in_place,
    read_profile,
    read_text,
    real_mount_source,
)


def test_missing_mount_source_becomes_a_folder(tmp_path: Path) -> None:
    assert real_mount_source(f"{tmp_path}/a/b") == f"{tmp_path}/a/b"
    assert (tmp_path / "a/b").is_dir()


def test_links_are_followed_also_to_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")

    assert real_mount_source(f"{tmp_path}/link/below") == f"{tmp_path}/target/below"
    assert (tmp_path / "target/below").is_dir()


def test_file_is_a_mount_source_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    assert real_mount_source(f"{tmp_path}/file") == f"{tmp_path}/file"


def test_source_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(FailedPrecondition, match=f"mount source {tmp_path}/file/below: "):
        real_mount_source(f"{tmp_path}/file/below")


def test_profile_is_read(tmp_path: Path) -> None:
    (tmp_path / "profile.json").write_text('{"ü": 1}')

    assert read_profile(f"{tmp_path}/profile.json") == '{"ü": 1}'


def test_missing_profile_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"none\.json does not exist on this node"):
        read_profile(f"{tmp_path}/none.json")


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b"S3cr3t\xff"),
        lambda path: path.write_bytes(b"S3cr3t" * 200_000),
        lambda path: path.mkdir(),
        os.mkfifo,
    ],
    ids=["not-text", "too-long", "folder", "pipe"],
)
def test_what_is_no_profile_is_refused_without_its_content(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    make(tmp_path / "profile")

    with pytest.raises(InvalidArgument, match=f"{tmp_path}/profile") as refused:
        read_profile(f"{tmp_path}/profile")

    assert "S3cr3t" not in str(refused.value)


def test_text_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition, match=f"{tmp_path}/none: No such file"):
        read_text(f"{tmp_path}/none")


def test_content_is_replaced_in_the_same_file(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("a long content")
    inode = file.stat().st_ino

    overwrite_in_place(str(file), b"short")

    assert file.read_bytes() == b"short"
    assert file.stat().st_ino == inode


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.symlink_to(path.parent / "precious"),
        lambda path: path.mkdir(),
        os.mkfifo,
        lambda _: None,
    ],
    ids=["link", "folder", "pipe", "nothing"],
)
def test_only_a_regular_file_is_rewritten(tmp_path: Path, make: Callable[[Path], object]) -> None:
    (tmp_path / "precious").write_text("precious")
    make(tmp_path / "resolv.conf")

    with pytest.raises(FailedPrecondition, match=f"cannot write {tmp_path}/resolv.conf: "):
        overwrite_in_place(f"{tmp_path}/resolv.conf", b"x")

    assert (tmp_path / "precious").read_text() == "precious"
