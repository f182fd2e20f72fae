"""kubectl cp, which runs tar in the container."""

import hashlib
import os
from pathlib import Path

from tests.conformance.cluster.kubectl import Kubectl

MIB = 1024 * 1024


def test_files_come_there_and_back_unchanged(kubectl: Kubectl, shell: str, tmp_path: Path) -> None:
    content = os.urandom(8 * MIB + 1)
    (tmp_path / "sent").write_bytes(content)

    kubectl.output("cp", str(tmp_path / "sent"), f"{shell}:/tmp/copy")
    counted = kubectl.output("exec", shell, "--", "sha256sum", "/tmp/copy")
    kubectl.output("cp", f"{shell}:/tmp/copy", str(tmp_path / "received"))

    assert counted.split()[0].decode() == hashlib.sha256(content).hexdigest()
    assert (tmp_path / "received").read_bytes() == content


def test_a_folder_is_copied_with_all_that_is_in_it(
    kubectl: Kubectl, shell: str, tmp_path: Path
) -> None:
    names = {f"folder/{number}" for number in range(200)}
    (tmp_path / "folder").mkdir()
    for name in names:
        (tmp_path / name).write_text(name)

    kubectl.output("cp", str(tmp_path / "folder"), f"{shell}:/tmp")
    kubectl.output("cp", f"{shell}:/tmp/folder", str(tmp_path / "back/folder"))

    back = tmp_path / "back"
    assert {name: (back / name).read_text() for name in names} == {name: name for name in names}
