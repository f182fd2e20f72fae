"""Exec, attach and port-forward: single-use URLs, and the server behind them.

- `streaming_server` is the facade: it hands out URLs (`tokens`, `stream_requests`) and owns the
  thread with the event loop that runs all sessions; `config.streaming_limits` bounds them.
- `connections` accepts clients; each goes through `http/` (request and upgrade) to `sessions/`
  (exec, attach, port-forward), which moves bytes between the two connections of `transport/`. The
  docstring of `transport/` draws their backpressure.
- Codecs, without I/O: `spdy/` and `websocket/` are the framings; over each of them `remotecommand/`
  (the five channels of exec and attach) and `portforward/` (forwarded connections). `codec` is what
  they have in common.

This room may not know gRPC or protobuf; it takes and returns plain data. Blocking calls (to the
engine, into a namespace) run on a small thread pool; a session has no thread of its own.
"""
