"""Whose turn it is to start an exec: in order, and nobody waits for one that has gone."""

import asyncio
import threading
from contextlib import ExitStack

import pytest

from pydockershim import calls, errors
from pydockershim.engine.exec_queue import ExecQueues, no_queue, wait_for_turn

NO_TIME = 0.02


def test_execs_of_a_container_have_their_turn_one_after_another() -> None:
    queues = ExecQueues()
    with ExitStack() as second, ExitStack() as third:
        with queues.turn("a") as first_turn:
            second_turn = second.enter_context(queues.turn("a"))
            third_turn = third.enter_context(queues.turn("a"))

            assert [first_turn.done(), second_turn.done(), third_turn.done()] == [
                True,
                False,
                False,
            ]

        assert [second_turn.done(), third_turn.done()] == [True, False]
        second.close()
        assert third_turn.done()
    assert not queues._queues


def test_other_containers_do_not_wait() -> None:
    queues = ExecQueues()
    with queues.turn("a"), queues.turn("b") as turn:
        wait_for_turn(turn)


def test_without_a_queue_it_is_everybody_s_turn() -> None:
    with no_queue() as first, no_queue() as second:
        wait_for_turn(first)
        wait_for_turn(second)


def test_one_that_leaves_the_queue_is_skipped() -> None:
    queues = ExecQueues()
    with ExitStack() as last:
        with queues.turn("a"):
            with queues.turn("a"):
                last_turn = last.enter_context(queues.turn("a"))
            assert not last_turn.done()

        assert last_turn.done()


def test_a_turn_that_fails_is_over() -> None:
    queues = ExecQueues()
    with pytest.raises(ZeroDivisionError), queues.turn("a"):
        1 / 0  # noqa: B018 -- fails, which is what it is for

    with queues.turn("a") as turn:
        assert turn.done()


def test_a_wait_ends_with_its_caller() -> None:
    queues, call = ExecQueues(), calls.Call()
    outcome: list[object] = []
    waits = threading.Event()

    def wait() -> None:
        with calls.entered(call), queues.turn("a") as turn:
            waits.set()
            try:
                wait_for_turn(turn)
            except errors.Cancelled as error:
                outcome.append(error)

    with queues.turn("a"):
        thread = threading.Thread(target=wait)
        thread.start()
        assert waits.wait(30)
        call.cancel()
        thread.join(30)
        assert outcome

    assert not queues._queues


def test_a_wait_ends_at_its_callers_deadline() -> None:
    queues = ExecQueues()
    with (
        queues.turn("a"),
        calls.entered(calls.Call(timeout_s=NO_TIME)),
        queues.turn("a") as turn,
        pytest.raises(errors.DeadlineExceeded),
    ):
        wait_for_turn(turn)


def test_a_caller_who_has_gone_already_does_not_begin() -> None:
    call = calls.Call()
    call.cancel()
    with calls.entered(call), no_queue() as turn, pytest.raises(errors.Cancelled):
        wait_for_turn(turn)


def test_the_event_loop_and_threads_share_a_queue() -> None:
    queues, order = ExecQueues(), list[str]()
    waits = threading.Event()

    def block() -> None:
        with queues.turn("a") as turn:
            waits.set()
            wait_for_turn(turn)
            order.append("thread")

    async def run() -> None:
        thread = threading.Thread(target=block)
        with queues.turn("a") as turn:
            await asyncio.wrap_future(turn)
            thread.start()
            await asyncio.to_thread(waits.wait, 30)
            task = asyncio.create_task(follow())
            await asyncio.sleep(0)
            order.append("first")
        await task
        thread.join(30)

    async def follow() -> None:
        with queues.turn("a") as turn:
            await asyncio.wrap_future(turn)
            order.append("task")

    asyncio.run(run())

    assert order == ["first", "thread", "task"]


def test_a_cancelled_task_lets_the_next_one_have_its_turn() -> None:
    queues = ExecQueues()

    async def follow() -> None:
        with queues.turn("a") as turn:
            await asyncio.wrap_future(turn)

    async def run() -> None:
        with queues.turn("a"):
            cancelled, last = (asyncio.create_task(follow()) for _ in range(2))
            await asyncio.sleep(0)
            cancelled.cancel()
        await last

    asyncio.run(run())

    assert not queues._queues
