"""Nodes that earlier versions have left, and what they said of them: this one serves them as well.

A folder is named after the commit that `record` was run at, on Docker 28.5:

    asked.json      what a kubelet asked for, by pod and container, and how each was `left`
    created.json    the body of each `POST /containers/create` as it was sent, in order
    state/          the state directory
    logs/           the CRI logs as far as they were written, by container
    answers.json    what that version, started anew, then said of the pods

Placeholders stand for what is another in each engine: `ID-<key in asked.json>`, `IP-<key>` for a
pod's address, `IMAGE-pause` and `IMAGE-busybox` for the ids of images, `HOST-NAME`. `node` fills
them in. The host had cgroup v1, and no CAP_SYS_RESOURCE: so the bodies ask for no negative OOM
score, and run on any.
"""
