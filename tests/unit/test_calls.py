"""The call under way: its deadline, its cancellation, and how to keep both out."""

from contextvars import copy_context
from threading import Thread
from types import SimpleNamespace

import pytest

from pydockershim import calls
from pydockershim.calls import Call
from pydockershim.errors import Cancelled, DeadlineExceeded


def test_call_without_a_deadline_lasts_as_long_as_it_is_let() -> None:
    assert Call().remaining_s() is None
    assert Call().remaining_s(5) == 5


def test_nearer_end_counts() -> None:
    call = Call(timeout_s=100)

    assert call.remaining_s(5) == 5
    left_s = call.remaining_s(1000)
    assert left_s is not None
    assert 50 < left_s <= 100


def test_deadline_that_has_passed_is_an_error() -> None:
    call = Call(timeout_s=0)

    for ask in (call.check, call.remaining_s):
        with pytest.raises(DeadlineExceeded):
            ask()


def test_cancellation_is_an_error_and_goes_before_the_deadline() -> None:
    call = Call(timeout_s=0)
    call.cancel()

    with pytest.raises(Cancelled):
        call.remaining_s()


def test_callback_runs_once_while_inside_and_never_afterwards() -> None:
    ran: list[str] = []
    call = Call()

    with call.on_cancel(lambda: ran.append("outer")):
        with call.on_cancel(lambda: ran.append("inner")):
            pass
        call.cancel()
    assert ran == ["outer"]


def test_callback_of_a_caller_who_has_gone_already_runs_at_once() -> None:
    ran: list[str] = []
    call = Call()
    call.cancel()

    with call.on_cancel(lambda: ran.append("late")):
        assert ran == ["late"]


def test_outside_of_any_call_nothing_ends() -> None:
    assert calls.current().remaining_s() is None
    assert calls.current().service == "v1"


def test_call_is_current_only_inside() -> None:
    call = Call(service="v1alpha2")

    with calls.entered(call) as entered:
        assert calls.current() is entered is call
    assert calls.current() is not call


def test_shield_keeps_the_end_out_and_the_service_in() -> None:
    call = Call(timeout_s=0, service="v1alpha2")
    call.cancel()

    with calls.entered(call):
        with calls.shielded():
            calls.current().check()
            assert calls.current().remaining_s() is None
            assert calls.current().service == "v1alpha2"
        with pytest.raises(Cancelled):
            calls.current().check()


def test_thread_works_for_a_call_in_a_copy_of_its_context() -> None:
    seen: list[Call] = []
    call = Call()

    with calls.entered(call):
        context = copy_context()
        threads = [
            Thread(target=context.run, args=(lambda: seen.append(calls.current()),)),
            Thread(target=lambda: seen.append(calls.current())),
        ]
        for thread in threads:
            thread.start()
            thread.join()

    assert seen[0] is call
    assert seen[1] is not call


def test_time_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    monkeypatch.setattr(calls, "time", SimpleNamespace(monotonic=lambda: now_s))
    call = Call(timeout_s=60)

    assert call.remaining_s() == 60
    now_s += 45
    assert call.remaining_s() == 15
