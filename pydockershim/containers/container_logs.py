"""When each container's log is written: connects the view with the log writers."""

from collections.abc import Collection

from pydockershim.labels.record import SandboxRecord
from pydockershim.logs.writers import ContainerLog, LogWriters
from pydockershim.view.items import ContainerItem, Item, SandboxItem


class ContainerLogs:
    """Owns the set of containers whose logs this process writes."""

    def __init__(self, writers: LogWriters) -> None:
        self._writers = writers
        self._ours: set[str] = set()
        self._missed: set[str] = set()
        self._unwritten: set[str] = set()
        self._resumed = False

    def take_up(self, items: Collection[Item]) -> None:
        """Write the logs of our running containers, also of those that other clients started.

        On the first call all containers are ours, and those that have run may have unwritten lines;
        a provisional one waits until Docker has reported its log config. A container that appears
        later without a `begin` is another shim's. A container missing from two lists in a row is
        gone, and its log is closed; one list may be older than its `begin`.
        """
        sandboxes = {each.id: each.record for each in items if isinstance(each, SandboxItem)}
        containers = {each.id: each for each in items if isinstance(each, ContainerItem)}
        if not self._resumed:
            self._ours.update(containers)
            self._unwritten.update(containers)
        self._close_missed(containers)
        for each in containers.values():
            if each.id not in self._ours or not each.has_run or each.provisional:
                continue
            if each.running or each.id in self._unwritten:
                log = _log_of(each, sandboxes.get(each.sandbox_id))
                self._writers.follow(log, resumes=True)
            if not each.running:
                self._writers.note_exit(each.id)
        self._unwritten &= {each.id for each in containers.values() if each.provisional}
        self._resumed = True

    def _close_missed(self, listed: Collection[str]) -> None:
        missed = self._ours.difference(listed)
        gone = self._missed & missed
        for each in gone:
            self._writers.note_exit(each)
        self._ours -= gone
        self._missed = missed - gone

    def begin(self, container: ContainerItem, sandbox: SandboxItem) -> None:
        """Create the log file of a container that is about to start, and write it from now on.

        FailedPrecondition or InvalidArgument when the file cannot be created.
        """
        self._writers.follow(_log_of(container, sandbox.record), resumes=False)
        self._ours.add(container.id)

    def reopen(self, container_id: str) -> None:
        """Continue in a new file; the old one is closed. FailedPrecondition if none is written."""
        self._writers.reopen(container_id)

    def is_drained(self, container_id: str) -> bool:
        """Say whether all output of an exited container is in its log."""
        is_known = self._resumed and container_id not in self._unwritten
        return is_known and self._writers.is_drained(container_id)

    def finish(self, container_ids: Collection[str]) -> None:
        """Wait, for seconds at most, for the last lines of containers that have exited.

        They are about to be removed, or their start has failed and a retry creates a new log.
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
