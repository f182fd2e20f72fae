"""Every call of the engine room, against a real engine."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from pydockershim import calls, errors
from pydockershim.dockerapi import Json
from pydockershim.engine.client import Engine, NameTaken
from pydockershim.engine.hijack import Hijacked
from pydockershim.engine.rawstream import Demultiplexer, StreamName
from tests.bed.dockerd import Dockerd
from tests.bed.images import BUSYBOX, VOLUME

UNKNOWN_ID = "0" * 64


@pytest.fixture(scope="module")
def client(dockerd: Dockerd) -> Iterator[Engine]:
    with closing(Engine(str(dockerd.socket))) as engine:
        yield engine


@pytest.fixture
def container(client: Engine) -> Iterator[str]:
    """A running container."""
    container_id = create(client, "sleep", "3600")
    client.start_container(container_id)
    yield container_id
    client.remove_container(container_id)


@pytest.fixture
def created(client: Engine) -> Iterator[str]:
    """A container that has not been started."""
    container_id = create(client, "sleep", "3600")
    yield container_id
    client.remove_container(container_id)


def create(client: Engine, *command: str, name: str = "a_container", **config: object) -> str:
    body = {"Image": BUSYBOX.name, "Cmd": command, **config}
    return client.create_container(body, name=name).id


def output(stream: Hijacked) -> dict[StreamName, bytes]:
    """Read a multiplexed stream to its end."""
    demultiplexer = Demultiplexer()
    streams = dict.fromkeys(StreamName, b"")
    while data := stream.recv(timeout_s=10):
        for name, piece in demultiplexer.feed(data):
            streams[name] += piece
    assert demultiplexer.is_between_frames
    return streams


def execute(client: Engine, container_id: str, *command: str) -> dict[StreamName, bytes]:
    config = {"Cmd": command, "AttachStdout": True, "AttachStderr": True}
    exec_id = client.create_exec(container_id, config)
    with closing(client.start_exec(exec_id, tty=False)) as stream:
        return output(stream)


def start_terminal(client: Engine, container_id: str, script: str) -> tuple[str, Hijacked]:
    config: Json = {"Cmd": ["sh", "-c", script], "Tty": True}
    config |= {"AttachStdin": True, "AttachStdout": True}
    exec_id = client.create_exec(container_id, config)
    return exec_id, client.start_exec(exec_id, tty=True)


def read_until(stream: Hijacked, text: bytes) -> bytes:
    received = b""
    while text not in received:
        data = stream.recv(timeout_s=10)
        assert data, f"{text!r} did not come after {received!r}"
        received += data
    return received


def test_features_are_those_of_the_engine(client: Engine) -> None:
    features, version, info = client.features, client.version(), client.info()

    assert features.server_version == version["Version"]
    assert features.api_version == version["ApiVersion"]
    assert features.root_dir == info["DockerRootDir"]
    assert features.read_only_binds_recurse == (features.api_version != "1.41")


def test_an_engine_that_answers_can_be_pinged(client: Engine) -> None:
    client.ping()


def test_disk_usage_lists_the_images(client: Engine) -> None:
    assert client.disk_usage()["Images"]


def test_a_name_that_is_taken_says_by_whom(client: Engine, created: str) -> None:
    with pytest.raises(NameTaken, match="already in use") as caught:
        create(client, "true")

    assert caught.value.holder_id == created


def test_a_container_can_be_renamed_to_a_free_name(client: Engine, created: str) -> None:
    other = create(client, "true", name="another")

    client.rename_container(created, "renamed")
    with pytest.raises(NameTaken) as caught:
        client.rename_container(created, "another")

    assert client.inspect_container(created)["Name"] == "/renamed"
    assert caught.value.holder_id == other
    client.remove_container(other)


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"Image": "no.example/such:image"}, errors.NotFound),
        ({"HostConfig": {"Memory": 1}}, errors.InvalidArgument),
    ],
)
def test_a_create_that_fails_says_whose_fault_it_is(
    client: Engine, config: Json, kind: type[errors.ShimError]
) -> None:
    with pytest.raises(kind, match="cannot create container failing: "):
        create(client, "true", name="failing", **config)


def test_a_running_container_is_not_started_again(client: Engine, container: str) -> None:
    with pytest.raises(errors.FailedPrecondition):
        client.start_container(container)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"Entrypoint": ["/no-such-file"]}, "no such file or directory"),
        ({"Entrypoint": ["/etc/passwd"]}, "permission denied"),
        ({"User": "nobody-knows-me"}, "unable to find user nobody-knows-me"),
        ({"HostConfig": {"Sysctls": {"net.no.such": "1"}}}, "net/no/such"),
    ],
)
def test_a_failed_start_is_unknown_with_dockers_reason(
    client: Engine, config: Json, reason: str
) -> None:
    container_id = create(client, "x", name="failing", **config)

    with pytest.raises(errors.Unknown, match=reason):
        client.start_container(container_id)

    assert client.inspect_container(container_id)["State"]["ExitCode"] != 0
    client.remove_container(container_id)


def test_a_start_without_the_network_donor_is_unknown(client: Engine) -> None:
    donor = create(client, "sleep", "1", name="donor")
    client.start_container(donor)
    joiner = create(client, "true", HostConfig={"NetworkMode": f"container:{donor}"})
    client.remove_container(donor)

    with pytest.raises(errors.Unknown, match=donor):
        client.start_container(joiner)

    client.remove_container(joiner)


def test_kill_says_whether_there_was_something_to_kill(client: Engine, container: str) -> None:
    assert client.kill_container(container, signal="KILL")
    assert not client.inspect_container(container)["State"]["Running"]
    assert not client.kill_container(container, signal="KILL")


def test_a_paused_container_can_be_unpaused(
    client: Engine, dockerd: Dockerd, container: str
) -> None:
    dockerd.api.pause(container)

    client.unpause_container(container)

    assert not client.inspect_container(container)["State"]["Paused"]
    with pytest.raises(errors.Unknown, match="is not paused"):
        client.unpause_container(container)


def test_unknown_containers_are_not_found(client: Engine) -> None:
    for call in (
        client.inspect_container,
        client.unpause_container,
        lambda container_id: client.kill_container(container_id, signal="TERM"),
        lambda container_id: client.rename_container(container_id, "renamed"),
        lambda container_id: client.wait_not_running(container_id, timeout_s=5),
        lambda container_id: client.read_file(container_id, "/etc/passwd"),
        lambda container_id: client.create_exec(container_id, {"Cmd": ["true"]}),
        lambda container_id: client.attach(container_id, stdin=False, stdout=True, stderr=True),
        lambda exec_id: client.start_exec(exec_id, tty=False),
        client.inspect_exec,
    ):
        with pytest.raises(errors.NotFound, match=UNKNOWN_ID):
            call(UNKNOWN_ID)


def test_containers_are_listed_and_filtered(client: Engine, container: str) -> None:
    stopped = create(client, "true", name="stopped", Labels={"a": "b"})

    everything = {summary["Id"] for summary in client.list_containers()}
    running = {summary["Id"] for summary in client.list_containers(all=False)}
    labelled = {summary["Id"] for summary in client.list_containers(filters={"label": ["a=b"]})}

    assert everything >= {container, stopped}
    assert container in running
    assert stopped not in running
    assert labelled == {stopped}
    client.remove_container(stopped)


def test_removal_takes_the_anonymous_volumes_with_it(client: Engine, dockerd: Dockerd) -> None:
    container_id = create(client, "sleep", "3600", Image=VOLUME.name)
    client.start_container(container_id)
    (volume,) = (mount["Name"] for mount in client.inspect_container(container_id)["Mounts"])

    client.remove_container(container_id)

    volumes = dockerd.api.volumes()["Volumes"] or []
    assert volume not in {each["Name"] for each in volumes}


def test_removal_is_idempotent_and_may_come_from_many(client: Engine, container: str) -> None:
    failures: list[errors.ShimError] = []

    def remove() -> None:
        try:
            client.remove_container(container)
        except errors.ShimError as error:
            failures.append(error)

    threads = [threading.Thread(target=remove) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failures
    with pytest.raises(errors.NotFound):
        client.inspect_container(container)


def test_wait_returns_at_the_end_or_at_the_timeout(client: Engine, container: str) -> None:
    assert not client.wait_not_running(container, timeout_s=0.1)

    killer = threading.Thread(target=lambda: client.kill_container(container, signal="KILL"))
    killer.start()
    assert client.wait_not_running(container, timeout_s=10)
    killer.join()


def test_wait_for_a_container_that_never_ran_is_over(client: Engine, created: str) -> None:
    assert client.wait_not_running(created, timeout_s=10)


def test_wait_ends_with_its_caller(client: Engine, container: str) -> None:
    call = calls.Call()
    timer = threading.Timer(0.1, call.cancel)
    timer.start()

    with calls.entered(call), pytest.raises(errors.Cancelled):
        client.wait_not_running(container, timeout_s=60)

    timer.join()


def test_a_file_can_be_read_before_the_container_runs(client: Engine, created: str) -> None:
    passwd = client.read_file(created, "/etc/passwd")

    assert passwd
    assert passwd.startswith(b"root:x:0:0:")


def test_what_is_no_regular_file_reads_as_none(client: Engine, container: str) -> None:
    execute(client, container, "sh", "-c", "cd /tmp; echo hi >f; ln -s f g; ln -s no h; mkfifo p")

    assert client.read_file(container, "/tmp/g") == b"hi\n"
    for path in ("/tmp/h", "/tmp/p", "/tmp", "/no/such/file"):
        assert client.read_file(container, path) is None


def test_a_large_file_is_refused(client: Engine, container: str) -> None:
    execute(client, container, "dd", "if=/dev/zero", "of=/large", "bs=1M", "count=2")

    with pytest.raises(errors.FailedPrecondition, match="2097152 bytes"):
        client.read_file(container, "/large")


def test_exec_gives_both_streams_and_the_exit_code(client: Engine, container: str) -> None:
    command = ["sh", "-c", "echo out; echo err >&2; exit 42"]
    config = {"Cmd": command, "AttachStdout": True, "AttachStderr": True}
    exec_id = client.create_exec(container, config)

    with closing(client.start_exec(exec_id, tty=False)) as stream:
        streams = output(stream)

    assert streams[StreamName.STDOUT] == b"out\n"
    assert streams[StreamName.STDERR] == b"err\n"
    assert client.inspect_exec(exec_id)["ExitCode"] == 42


def test_no_output_of_a_short_exec_is_lost(client: Engine, container: str) -> None:
    outputs = [execute(client, container, "echo", "hi")[StreamName.STDOUT] for _ in range(30)]

    assert outputs == [b"hi\n"] * 30


def test_input_of_an_exec_ends_with_the_half_close(client: Engine, container: str) -> None:
    config = {"Cmd": ["cat"], "AttachStdin": True, "AttachStdout": True}
    exec_id = client.create_exec(container, config)
    data = bytes(range(256)) * 4000

    with closing(client.start_exec(exec_id, tty=False)) as stream:

        def write() -> None:
            stream.send(data)
            stream.half_close()

        writer = threading.Thread(target=write)
        writer.start()
        streams = output(stream)
        writer.join()

    assert streams[StreamName.STDOUT] == data


def test_exec_in_a_container_that_does_not_run_is_refused(client: Engine, created: str) -> None:
    with pytest.raises(errors.FailedPrecondition, match="not running"):
        client.create_exec(created, {"Cmd": ["true"]})


def test_no_key_of_a_terminal_is_swallowed(client: Engine, container: str) -> None:
    script = "stty raw -echo; echo ready; head -c 5 | od -An -tx1"
    _, stream = start_terminal(client, container, script)

    with closing(stream):
        read_until(stream, b"ready")
        stream.send(b"\x10\x11\x00ab")  # docker's own detach keys are \x10\x11

        assert b"10 11 00 61 62" in read_until(stream, b"62")


def test_a_terminal_can_be_resized(client: Engine, container: str) -> None:
    exec_id, stream = start_terminal(client, container, "echo ready; read -r x; stty size")

    with closing(stream):
        read_until(stream, b"ready")
        client.resize_exec(exec_id, height=40, width=100)
        stream.send(b"\n")

        read_until(stream, b"40 100")


def test_attach_joins_the_streams_of_a_container(client: Engine) -> None:
    container_id = create(client, "cat", OpenStdin=True, StdinOnce=True, AttachStdin=True)
    client.start_container(container_id)

    with closing(client.attach(container_id, stdin=True, stdout=True, stderr=True)) as stream:
        stream.send(b"hello")
        stream.half_close()
        assert output(stream)[StreamName.STDOUT] == b"hello"

    assert client.wait_not_running(container_id, timeout_s=10)
    client.remove_container(container_id)


def test_events_come_as_they_happen(client: Engine, created: str) -> None:
    with closing(client.events(filters={"type": ["container"]})) as stream:
        client.start_container(created)
        client.kill_container(created, signal="KILL")

        actions = []
        for event in stream:
            assert event["Actor"]["ID"] == created
            actions.append(event["Action"])
            if event["Action"] == "die":
                break

    assert actions[0] == "start"


def test_a_restarted_engine_is_found_again(client: Engine, dockerd: Dockerd) -> None:
    stream = client.events()
    before = client.features

    dockerd.stop()
    with pytest.raises(errors.Unavailable):
        client.ping()
    with pytest.raises(errors.Unavailable):
        list(stream)
    dockerd.start()

    client.ping()
    assert client.list_images()
    assert client.features == before
    assert client.features is not before
