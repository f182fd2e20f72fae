"""Exec, attach and port-forward: URLs that are good once, and the server behind them.

- `server` is the facade: it hands out URLs on the gRPC side (`tokens`, `requests`) and owns the
  thread with the asyncio loop on which all sessions live.
- Without I/O: `head` and `negotiation` (the HTTP request and what it upgrades to), `spdy/` and
  `websocket/` (the wires), and on top of them `remotecommand/` (the five channels of an exec or an
  attach) and `portforward/` (the forwarded connections), each over both wires.
- With I/O: `link` is a client's connection; `command` and `forwarding` are the sessions; `far_end`
  is their connection to the other end, which is `executed` or `attached`, or a port in a pod.

The room knows neither gRPC nor protobuf; it takes and gives plain data only. What blocks (calls to
the engine, entering a namespace) runs on a few worker threads; a session has no thread of its own.
"""
