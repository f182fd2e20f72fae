"""Selecting specs by their exact names."""

import re

from tests.conformance import selection
from tests.conformance.suites import SUITES


def test_the_expression_matches_its_names_behind_a_description_and_no_others() -> None:
    names = ["[sig-node] Pods should run (alone) | 1.5", "[sig-node] Secrets a-b"]
    expression = re.compile(selection.exactly(names))

    assert all(expression.search(f"E2eNode Suite {name}") for name in names)
    assert not expression.search("E2eNode Suite [sig-node] Secrets a-b and more")
    assert not expression.search("E2eNode Suite [sig-node] Pods should run (alone) | 1x5")


def test_the_quick_run_has_some_of_the_node_suite_and_all_of_every_other() -> None:
    assert 0 < len(selection.quick("node", among=["a"])) < 200
    for suite in SUITES.keys() - {"node"}:
        assert selection.quick(suite, among=["a", "b"]) == ["a", "b"]
