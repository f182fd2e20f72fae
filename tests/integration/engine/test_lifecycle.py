"""The engine itself, and everything about containers but the processes in them."""

import threading
from contextlib import closing

import pytest

from pydockershim import calls, errors
from pydockershim.dockerapi import Json
from pydockershim.engine.container_api import NameTaken
from pydockershim.engine.engine import Engine
from tests.bed.dockerd import Dockerd
from tests.bed.images import VOLUME
from tests.integration.engine.making import create, execute

pytestmark = pytest.mark.engine

UNKNOWN_ID = "0" * 64


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

    client.containers.rename(created, "renamed")
    with pytest.raises(NameTaken) as caught:
        client.containers.rename(created, "another")

    assert client.containers.inspect(created)["Name"] == "/renamed"
    assert caught.value.holder_id == other
    client.containers.remove(other)


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
        client.containers.start(container)


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
        client.containers.start(container_id)

    assert client.containers.inspect(container_id)["State"]["ExitCode"] != 0
    client.containers.remove(container_id)


def test_a_start_without_the_network_donor_is_unknown(client: Engine) -> None:
    donor = create(client, "sleep", "1", name="donor")
    client.containers.start(donor)
    joiner = create(client, "true", HostConfig={"NetworkMode": f"container:{donor}"})
    client.containers.remove(donor)

    with pytest.raises(errors.Unknown, match=donor):
        client.containers.start(joiner)

    client.containers.remove(joiner)


def test_kill_says_whether_there_was_something_to_kill(client: Engine, container: str) -> None:
    assert client.containers.kill(container, signal="KILL")
    assert not client.containers.inspect(container)["State"]["Running"]
    assert not client.containers.kill(container, signal="KILL")


def test_unknown_containers_are_not_found(client: Engine) -> None:
    for call in (
        client.containers.inspect,
        lambda container_id: client.containers.kill(container_id, signal="TERM"),
        lambda container_id: client.containers.rename(container_id, "renamed"),
        lambda container_id: client.containers.wait_not_running(container_id, timeout_s=5),
        lambda container_id: client.containers.read_file(container_id, "/etc/passwd"),
        lambda container_id: client.execs.create(container_id, {"Cmd": ["true"]}),
        lambda container_id: client.containers.attach(
            container_id, stdin=False, stdout=True, stderr=True
        ),
        lambda exec_id: client.execs.start(exec_id, tty=False),
        client.execs.inspect,
    ):
        with pytest.raises(errors.NotFound, match=UNKNOWN_ID):
            call(UNKNOWN_ID)


def test_containers_are_listed_and_filtered(client: Engine, container: str) -> None:
    stopped = create(client, "true", name="stopped", Labels={"a": "b"})

    everything = {summary["Id"] for summary in client.containers.list()}
    running = {summary["Id"] for summary in client.containers.list(all=False)}
    labelled = {summary["Id"] for summary in client.containers.list(filters={"label": ["a=b"]})}

    assert everything >= {container, stopped}
    assert container in running
    assert stopped not in running
    assert labelled == {stopped}
    client.containers.remove(stopped)


def test_removal_takes_the_anonymous_volumes_with_it(client: Engine, dockerd: Dockerd) -> None:
    container_id = create(client, "sleep", "3600", Image=VOLUME.name)
    client.containers.start(container_id)
    (volume,) = (mount["Name"] for mount in client.containers.inspect(container_id)["Mounts"])

    client.containers.remove(container_id)

    volumes = dockerd.api.volumes()["Volumes"] or []
    assert volume not in {each["Name"] for each in volumes}


def test_removal_is_idempotent_and_may_come_from_many(client: Engine, container: str) -> None:
    failures: list[errors.ShimError] = []

    def remove() -> None:
        try:
            client.containers.remove(container)
        except errors.ShimError as error:
            failures.append(error)

    threads = [threading.Thread(target=remove) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failures
    with pytest.raises(errors.NotFound):
        client.containers.inspect(container)


def test_wait_returns_at_the_end_or_at_the_timeout(client: Engine, container: str) -> None:
    assert not client.containers.wait_not_running(container, timeout_s=0.1)

    killer = threading.Thread(target=lambda: client.containers.kill(container, signal="KILL"))
    killer.start()
    assert client.containers.wait_not_running(container, timeout_s=10)
    killer.join()


def test_wait_for_a_container_that_never_ran_is_over(client: Engine, created: str) -> None:
    assert client.containers.wait_not_running(created, timeout_s=10)


def test_wait_ends_with_its_caller(client: Engine, container: str) -> None:
    call = calls.Call()
    timer = threading.Timer(0.1, call.cancel)
    timer.start()

    with calls.entered(call), pytest.raises(errors.Cancelled):
        client.containers.wait_not_running(container, timeout_s=60)

    timer.join()


def test_a_file_can_be_read_before_the_container_runs(client: Engine, created: str) -> None:
    passwd = client.containers.read_file(created, "/etc/passwd")

    assert passwd
    assert passwd.startswith(b"root:x:0:0:")


def test_what_is_no_regular_file_reads_as_none(client: Engine, container: str) -> None:
    execute(client, container, "sh", "-c", "cd /tmp; echo hi >f; ln -s f g; ln -s no h; mkfifo p")

    assert client.containers.read_file(container, "/tmp/g") == b"hi\n"
    for path in ("/tmp/h", "/tmp/p", "/tmp", "/no/such/file"):
        assert client.containers.read_file(container, path) is None


def test_a_large_file_is_refused(client: Engine, container: str) -> None:
    execute(client, container, "dd", "if=/dev/zero", "of=/large", "bs=1M", "count=2")

    with pytest.raises(errors.FailedPrecondition, match="2097152 bytes"):
        client.containers.read_file(container, "/large")


def test_events_come_as_they_happen(client: Engine, created: str) -> None:
    with closing(client.events(filters={"type": ["container"]})) as stream:
        client.containers.start(created)
        client.containers.kill(created, signal="KILL")

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

    with dockerd.down():
        with pytest.raises(errors.Unavailable):
            client.ping()
        with pytest.raises(errors.Unavailable):
            list(stream)

    client.ping()
    assert client.images.list()
    assert client.features == before
    assert client.features is not before
