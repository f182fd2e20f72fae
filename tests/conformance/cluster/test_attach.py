"""kubectl attach: joining a running pod's own process, and leaving it running."""

from tests.conformance.cluster import pods
from tests.conformance.cluster.kubectl import Kubectl

_ECHO = "while read line; do echo got $line; echo err $line >&2; done"
_SIZES = "while :; do stty size; read -t 0.3 line && echo got $line; done"


def test_who_leaves_leaves_the_process(kubectl: Kubectl) -> None:
    with pods.running(kubectl, "attach", _ECHO, stdin=True) as pod:
        for word in (b"one", b"two"):
            with kubectl.start("attach", "--stdin", "--quiet", pod) as person:
                person.send(word + b"\n")
                person.wait_for(b"got " + word)
                person.wait_for(b"err " + word)

                assert person.output == b"got " + word + b"\n"
                assert person.errors == b"err " + word + b"\n"


def test_with_stdin_once_the_end_of_the_input_reaches_the_process(kubectl: Kubectl) -> None:
    script = "cat; echo the end"
    with pods.running(kubectl, "attach-once", script, stdin=True, stdinOnce=True) as pod:
        answer = kubectl.run("attach", "--stdin", "--quiet", pod, stdin=b"all\n")

    assert (answer.returncode, answer.stdout) == (0, b"all\nthe end\n")


def test_a_terminal_is_the_containers_and_follows_the_persons(kubectl: Kubectl) -> None:
    words = ("attach", "--stdin", "--tty", "--quiet")
    with (
        pods.running(kubectl, "attach-tty", _SIZES, stdin=True, tty=True) as pod,
        kubectl.on_terminal(*words, pod, rows=33, columns=99) as person,
    ):
        person.wait_for(b"33 99")
        person.resize(44, 111)
        person.wait_for(b"44 111")
        person.send(b"word\n")
        person.wait_for(b"got word")
