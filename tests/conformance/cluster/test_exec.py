"""kubectl exec: bytes, exit codes and terminals."""

import os

import pytest

from tests.conformance.cluster.kubectl import Kubectl

MIB = 1024 * 1024


def test_input_comes_back_unchanged(kubectl: Kubectl, shell: str) -> None:
    sent = os.urandom(8 * MIB)

    received = kubectl.output("exec", "--stdin", shell, "--", "cat", stdin=sent)

    assert len(received) == len(sent)
    assert received == sent


def test_the_end_of_the_input_reaches_the_command(kubectl: Kubectl, shell: str) -> None:
    for _ in range(10):
        counted = kubectl.output("exec", "--stdin", shell, "--", "wc", "-c", stdin=b"x")
        assert counted.split() == [b"1"]


def test_the_streams_come_apart(kubectl: Kubectl, shell: str) -> None:
    answer = kubectl.run("exec", shell, "--", "sh", "-c", "echo out; echo err >&2")

    assert (answer.stdout, answer.stderr) == (b"out\n", b"err\n")


@pytest.mark.parametrize("code", [0, 1, 42, 127, 137, 255])
def test_the_exit_code_is_the_commands(kubectl: Kubectl, shell: str, code: int) -> None:
    assert kubectl.run("exec", shell, "--", "sh", "-c", f"exit {code}").returncode == code


def test_a_killed_command_is_137(kubectl: Kubectl, shell: str) -> None:
    assert kubectl.run("exec", shell, "--", "sh", "-c", "kill -9 $$").returncode == 137


def test_a_command_that_cannot_start_is_an_error_that_names_it(
    kubectl: Kubectl, shell: str
) -> None:
    answer = kubectl.run("exec", shell, "--", "nosuch")

    assert answer.returncode != 0
    assert b"nosuch" in answer.stderr


def test_a_terminal_has_the_size_of_the_persons_and_follows_it(
    kubectl: Kubectl, shell: str
) -> None:
    script = "tty; while :; do stty size; read -t 0.2 && exit 5; done"
    words = ("exec", "--stdin", "--tty", shell, "--", "bash", "-c", script)
    with kubectl.on_terminal(*words, rows=33, columns=99) as person:
        person.wait_for(b"/dev/pts/")
        person.wait_for(b"33 99")
        person.resize(44, 111)
        person.wait_for(b"44 111")
        person.send(b"\n")

        assert person.wait() == 5


def test_an_interrupt_on_a_terminal_reaches_the_command(kubectl: Kubectl, shell: str) -> None:
    words = ("exec", "--stdin", "--tty", shell, "--", "sh", "-c", "echo ready; sleep 60; echo $?")
    with kubectl.on_terminal(*words, rows=24, columns=80) as person:
        person.wait_for(b"ready")
        person.send(b"\x03")

        assert person.wait(timeout_s=20) == 130
