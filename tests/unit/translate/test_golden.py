"""What Docker is sent for the pods that a kubelet runs, in golden files."""

import pytest

from tests.unit.translate import golden


@pytest.mark.parametrize("situation", golden.SITUATIONS)
def test_docker_is_sent_what_the_golden_file_says(situation: str) -> None:
    assert golden.translated(situation) == golden.expected(situation)
