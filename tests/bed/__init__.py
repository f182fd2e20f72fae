"""The test bed: a real Docker engine, a registry and images, that touch nothing of the machine's.

`python -m tests.bed COMMAND...` runs a command (pytest, a shell) as root in network, mount, pid,
cgroup, ipc and uts namespaces of its own. Any number of these sessions run at the same time, beside
the user's own Docker, and when the first process of a session ends, however it ends, the kernel
takes everything else with it. The rooms, in the order in which they are used:

- `say`         what the person at the terminal is told
- `cache`       what is unpacked and built, outside the clone
- `packages`    Debian packages: the few that are installed, and how others are unpacked
- `suites`      programs of any Debian suite, made to run on this machine
- `go_module`   programs built from a go.mod of ours; `moby`, Docker 29's, are
- `engines`     the Docker engines; `ENGINE=20.10|26.1|28.5|29` selects one, STORE its image store
- `namespaces`  the outer half of a session: starts it, and waits
- `janitor`     outlives the session and removes its cgroups
- `init`        the inner half: the first process inside, which makes the mounts
- `cgroups`     the session's own part of every cgroup hierarchy
- `program`     a program that runs beside the tests: its log, and waiting until it is ready
- `dockerd`     a private engine
- `images`      test images, made in Python from Debian's busybox-static
- `registry`    two local registries, one of them with a password
- `cri_tools`   crictl and critest, built from a go.mod of ours
- `shim`        the program under test
- `dialogue`    a client that a test talks with, over pipes or on a terminal

Nothing here may be imported by the product.
"""
