"""Who runs, and what must be looked up in the image for it."""

import pytest
from google.protobuf import text_format

from pydockershim.api import runtime_v1 as cri
from pydockershim.translate.identity import (
    docker_groups,
    docker_user,
    groups_wanted,
    image_groups,
)

USERS = """\
root:x:0:0:root:/root:/bin/sh
# a comment

broken
app:x:1000:1000::/srv:/bin/sh
twin:x:1000:1001::/srv:/bin/sh
1234:x:77:77:a name in digits:/:/bin/sh
"""
GROUPS = """\
root:x:0:
app:x:1000:
audio:x:29:root,app
image-only:x:50000:app
broken:x
far:x:4294967295:app
none:x:twelve:app
twins:x:60000:twin
digits:x:61000:1234
"""


def context(text: str) -> cri.LinuxContainerSecurityContext:
    return text_format.Parse(text, cri.LinuxContainerSecurityContext())


@pytest.mark.parametrize(
    ("text", "user", "question"),
    [
        ("", "", None),
        ("run_as_user {}", "0", None),
        ("run_as_user { value: 1000 }", "1000", None),
        ('run_as_username: "app"', "app", None),
        ("run_as_user { value: 1000 } run_as_group {}", "1000:0", "1000"),
        ('run_as_username: "app" run_as_group { value: 5 }', "app:5", "app"),
    ],
)
def test_the_user_and_what_must_be_looked_up(text: str, user: str, question: str | None) -> None:
    assert docker_user(context(text)) == user
    assert groups_wanted(context(text)) == question


@pytest.mark.parametrize(
    ("user", "groups"),
    [
        ("root", (29,)),
        ("0", (29,)),
        ("app", (29, 50000)),
        ("1000", (29, 50000)),
        ("twin", (60000,)),
        ("1234", (61000,)),
        ("77", (61000,)),
        ("nobody", ()),
        ("4711", ()),
        ("", ()),
    ],
)
def test_the_image_s_files_tell_the_groups(user: str, groups: tuple[int, ...]) -> None:
    assert image_groups(user, passwd=USERS, group=GROUPS) == groups


def test_groups_are_numbers_and_each_comes_once() -> None:
    asked = context("supplemental_groups: 7 supplemental_groups: 29 supplemental_groups: 7")

    assert docker_groups(asked, image_groups=(29, 50000)) == ["7", "29", "50000"]
