"""Answers come back in any order; the ledger never goes back and ends in the truth."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from pydockershim.view.ledger import Ledger

IDS = st.sampled_from(["a"] * 7 + ["b"])  # races are about one object


def test_an_answer_that_was_asked_for_before_the_last_write_is_dropped() -> None:
    ledger: Ledger[str] = Ledger()
    slow, quick = ledger.begin(), ledger.begin()
    assert ledger.apply(quick, "a", "running")

    assert not ledger.apply(slow, "a", "created")

    assert ledger.objects == {"a": "running"}


def test_a_removed_object_does_not_come_back_with_an_answer_from_before() -> None:
    ledger: Ledger[str] = Ledger()
    slow, unrelated = ledger.begin(), ledger.begin()
    ledger.forget("a")
    ledger.end(unrelated)

    assert not ledger.apply(slow, "a", "running")

    assert ledger.objects == {}


def test_a_tombstone_goes_when_no_read_is_left_that_began_before_it() -> None:
    ledger: Ledger[str] = Ledger()
    before = ledger.begin()
    ledger.forget("a")
    after = ledger.begin()
    since = 0
    assert ledger.covers("a", since)

    ledger.end(before)

    assert not ledger.covers("a", since)
    ledger.end(after)


def test_a_removal_that_did_not_happen_is_healed_by_a_later_answer() -> None:
    ledger: Ledger[str] = Ledger()
    ledger.forget("a")

    assert ledger.apply(ledger.begin(), "a", "running")

    assert ledger.objects == {"a": "running"}


def test_an_answer_covers_a_change_only_if_it_was_asked_for_afterwards() -> None:
    ledger: Ledger[str] = Ledger()
    asked_before = ledger.begin()
    change = ledger.tick()
    ledger.apply(asked_before, "a", "created")
    assert not ledger.covers("a", change)

    ledger.apply(ledger.begin(), "a", "running")

    assert ledger.covers("a", change)


@dataclass(eq=False)
class Task:
    """Somebody who knows of a change and asks until the ledger has taken it in."""

    key: str
    since: int
    read: int | None = None
    answer: int | None = None
    sampled: bool = False


@dataclass
class Engine:
    """The truth: what there is, by id, and how many changes there were."""

    version: int = 0
    truth: dict[str, int] = field(default_factory=dict)


class Race(RuleBasedStateMachine):
    """Changes, and reads that begin, see the engine and come back at any time."""

    tasks: Bundle[Task] = Bundle("tasks")
    reading: Bundle[Task] = Bundle("reading")

    @initialize()
    def begin(self) -> None:
        """Start with nothing."""
        self.ledger: Ledger[int] = Ledger()
        self.engine = Engine()
        self.open: list[Task] = []
        self.shown: dict[str, int] = {}

    @rule(target=tasks, key=IDS)
    def change(self, key: str) -> Task:
        """Something happens, and an event or the one who did it says so."""
        self.engine.version += 1
        self.engine.truth[key] = self.engine.version
        return self._know(key)

    @rule(target=tasks, key=IDS)
    def remove(self, key: str) -> Task:
        """Somebody removes it, and an event says that something happened."""
        self.engine.version += 1
        self.engine.truth.pop(key, None)
        return self._know(key)

    @rule(key=IDS)
    def remove_and_say_so(self, key: str) -> None:
        """We remove it, or an event says that it is gone."""
        self.engine.version += 1
        self.engine.truth.pop(key, None)
        self.ledger.forget(key)

    @rule(target=reading, task=consumes(tasks))
    def ask(self, task: Task) -> Task:
        """The question leaves."""
        task.read = self.ledger.begin()
        return task

    @rule(task=reading)
    def answer(self, task: Task) -> None:
        """The engine looks at the object; its answer is still on its way."""
        if not task.sampled:
            task.sampled, task.answer = True, self.engine.truth.get(task.key)

    @rule(target=tasks, task=consumes(tasks))
    def look(self, task: Task) -> Task | MultipleResults[Task]:
        """Before asking: somebody else's answer may have taken the change in."""
        if self.ledger.covers(task.key, task.since):
            self.open.remove(task)
        return task if task in self.open else multiple()

    @rule(target=tasks, task=consumes(reading))
    def come_back(self, task: Task) -> Task | MultipleResults[Task]:
        """One whose answer was dropped, and who is not served by another's, asks again."""
        self._finish(task)
        return task if task in self.open else multiple()

    @invariant()
    def what_is_shown_never_goes_back(self) -> None:
        """Each change has a higher version than all before it."""
        for key, version in self.ledger.objects.items():
            assert version >= self.shown.get(key, 0)
            self.shown[key] = version

    def teardown(self) -> None:
        """Let everybody finish: what is shown is the truth."""
        while self.open:
            task = self.open[0]
            if task.read is None:
                self.ask(task)
            self._finish(task)
        assert self.ledger.objects == self.engine.truth
        self.ledger.end(self.ledger.begin())
        assert not self.ledger._reads
        assert not self.ledger._tombstones

    def _know(self, key: str) -> Task:
        task = Task(key, self.ledger.tick())
        self.open.append(task)
        return task

    def _finish(self, task: Task) -> None:
        assert task.read is not None
        self.answer(task)
        self.ledger.apply(task.read, task.key, task.answer)
        if self.ledger.covers(task.key, task.since):
            self.open.remove(task)
        self.ledger.end(task.read)
        task.read, task.answer, task.sampled = None, None, False


TestRace = Race.TestCase
TestRace.settings = settings(max_examples=600, stateful_step_count=15)
