"""Nodes that earlier versions have left, and what they reported: this version serves them too.

A folder is named after the commit that `record` was run at, on Docker 28.5:

    asked.json      the requests of a kubelet, by pod and container, and how each was `left`
    created.json    the body of each `POST /containers/create` as it was sent, in order
    state/          the state directory
    logs/           the CRI logs as far as they were written, by container
    answers.json    what that version reported of the pods after a restart

Placeholders stand for what differs between engines: `ID-<key in asked.json>`, `IP-<key>` for a
pod's address, `IMAGE-pause` and `IMAGE-busybox` for the ids of images, `HOST-NAME`. `node` fills
them in. The host had cgroup v1, and no CAP_SYS_RESOURCE: so the bodies ask for no negative OOM
score, and run on any host.
"""
