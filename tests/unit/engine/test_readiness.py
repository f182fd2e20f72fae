"""Readiness is lost by three failures in a row and won by one success."""

from pydockershim.engine.readiness import Readiness
from pydockershim.errors import Unavailable


class Engine:
    """Answers a ping, or does not."""

    answers = True

    def ping(self) -> None:
        """Answer, or fail."""
        if not self.answers:
            raise Unavailable("connection refused")


def _ready(engine: Engine, losses: list[str]) -> Readiness:
    readiness = Readiness(engine.ping, on_loss=losses.append)
    readiness.probe()
    return readiness


def test_engine_that_never_answered_is_not_ready() -> None:
    assert Readiness(Engine().ping, on_loss=print).reason


def test_first_answer_makes_it_ready() -> None:
    assert _ready(Engine(), []).reason == ""


def test_two_failures_are_forgiven() -> None:
    engine, losses = Engine(), list[str]()
    readiness = _ready(engine, losses)
    engine.answers = False
    readiness.probe()
    readiness.probe()

    assert (readiness.reason, losses) == ("", [])


def test_third_failure_in_a_row_loses_it_once() -> None:
    engine, losses = Engine(), list[str]()
    readiness = _ready(engine, losses)
    engine.answers = False
    for _ in range(5):
        readiness.probe()

    assert (readiness.reason, losses) == ("connection refused", ["connection refused"])


def test_first_success_wins_it_back() -> None:
    engine = Engine()
    readiness = _ready(engine, [])
    engine.answers = False
    for _ in range(3):
        readiness.probe()
    engine.answers = True
    readiness.probe()

    assert readiness.reason == ""
