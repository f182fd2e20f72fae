"""The connections of a session on the event loop, and their backpressure.

`downstream` is the client's connection. `upstream` is the one to a process or a pod's port: one per
exec or attach, one per forwarded connection. They pass bytes to callbacks, and may not know codecs
or sessions (but for the WebSocket tunnel, which wraps everything that is sent to the client).

    input   client ==> Downstream =====> codec =====> Upstream ==> process or pod's port
                           |                             |
    transport.pause_reading <-- hold(upstream) ---- pause_writing: > max_input_bytes unsent
    transport.resume_reading <- release(upstream) - resume_writing: a quarter of that is left

    output  client <== Downstream <===== codec <===== Upstream <== process or pod's port
                           |                             |
      > 1 byte unsent: pause_writing -- pause_reading ---+--> transport.pause_reading
      all sent:       resume_writing -- resume_reading --+--> transport.resume_reading

- max_input_bytes is `input_bytes`, or `inbox_bytes` for exec and attach over WebSocket. Before
  `Upstream.connect` early input is held at the same limit. A client is read while nobody holds it,
  so one blocked forward pauses all forwards of its client.
- `Upstream.drain`: when the process has exited, its output is read even if the client is slow,
  until `drain_bytes` are unsent; then it is paused until all is sent. Docker keeps the output of an
  exited process for two seconds.
- More than 2 * `drain_bytes` unsent (a client that requests replies and reads none) abort the
  connection. `Downstream.close_gracefully` waits while the client makes progress every `linger_s`.

`socket_writer` writes for both; `blocking_calls` runs on threads what would block the event loop.
"""
