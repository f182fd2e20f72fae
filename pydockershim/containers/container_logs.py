"""Which container's log is written when: joins what the view knows with the log writers."""

from collections.abc import Collection

from pydockershim.labels.record import SandboxRecord
from pydockershim.logs.writers import ContainerLog, LogWriters
from pydockershim.view.items import ContainerItem, Item, SandboxItem


class ContainerLogs:
    """Owns the knowledge whose logs this process writes."""

    def __init__(self, writers: LogWriters) -> None:
        self._writers = writers
        self._ours: set[str] = set()
        self._missed: set[str] = set()
        self._unheard: set[str] = set()
        self._resumed = False

    def take_up(self, items: Collection[Item]) -> None:
        """Have the logs written of our containers that run, also when others have started them.

        At first all are ours, and those that have run before may have lines to come; one that is
        only provisional has its turn when Docker has told how its log is kept. What appears later
        without a `begin` is another shim's. What two lists in a row lack is gone, and its log is
        let go; the first may be older than its `begin`.
        """
        sandboxes = {each.id: each.record for each in items if isinstance(each, SandboxItem)}
        containers = {each.id: each for each in items if isinstance(each, ContainerItem)}
        if not self._resumed:
            self._ours.update(containers)
            self._unheard.update(containers)
        self._let_go_of_missed(containers)
        for each in containers.values():
            if each.id not in self._ours or not each.has_run or each.provisional:
                continue
            if each.running or each.id in self._unheard:
                log = _log_of(each, sandboxes.get(each.sandbox_id))
                self._writers.follow(log, resumes=True)
            if not each.running:
                self._writers.note_exit(each.id)
        self._unheard &= {each.id for each in containers.values() if each.provisional}
        self._resumed = True

    def _let_go_of_missed(self, listed: Collection[str]) -> None:
        missed = self._ours.difference(listed)
        gone = self._missed & missed
        for each in gone:
            self._writers.note_exit(each)
        self._ours -= gone
        self._missed = missed - gone

    def begin(self, container: ContainerItem, sandbox: SandboxItem) -> None:
        """Make the log file of a container that is about to start, and write it from now on.

        FailedPrecondition or InvalidArgument when the file cannot be made.
        """
        self._writers.follow(_log_of(container, sandbox.record), resumes=False)
        self._ours.add(container.id)

    def reopen(self, container_id: str) -> None:
        """Go on in a new file; the one before never grows again. FailedPrecondition if none is."""
        self._writers.reopen(container_id)

    def is_drained(self, container_id: str) -> bool:
        """Say whether all output of a container that has ended is in its log."""
        is_known = self._resumed and container_id not in self._unheard
        return is_known and self._writers.is_drained(container_id)

    def finish(self, container_ids: Collection[str]) -> None:
        """Wait, for seconds at most, for the last lines of containers that run no more.

        They are to be removed, or their start has failed, and the next one makes a log anew.
        """
        self._writers.finish(container_ids)


def _log_of(container: ContainerItem, sandbox: SandboxRecord | None) -> ContainerLog:
    return ContainerLog(
        container_id=container.id,
        directory=sandbox.log_directory if sandbox else "",
        path=container.record.log_path,
        driver=container.log_config.get("Type", ""),
        options=container.log_config.get("Config") or {},
        tty=container.tty,
    )
