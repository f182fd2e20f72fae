"""The only room that talks to dockerd; the others see `engine.Engine` and the classes of `errors`.

Bottom up: `time_limits`, `urls` and `unix_http`, `sdk_adapter` (the pool under the docker SDK),
`error_wall`, `session` (version, `features`, one call), `container_api`, `exec_api` and `image_api`
(the endpoints), `engine`. Single endpoints need: `hijack` and `rawstream` (exec, attach),
`exec_queue`, `json_stream` (`event_stream`, `pulls`), `log_stream`, `archive`, `auth`. `exec_facts`
says how to read the state of an exec. No API reports what `oom_score` and `readiness` find out.
Knows neither CRI nor protobuf.
"""
