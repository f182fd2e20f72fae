"""Sessions: what runs between the upgrade of a client's connection and its end.

- `factory` builds a session from a request and its negotiated subprotocol.
- `command_session` connects a client with a process (exec, attach), `forward_session` with ports of
  a pod.
- `remote_process` is what a command session needs of a process; `exec_process` and `attach_process`
  implement it with the engine, `process_exit` waits for processes and containers to exit.

A session runs on the event loop: it may not block, and it knows neither frames nor HTTP.
"""
