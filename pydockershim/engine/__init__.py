"""The only room that talks to dockerd; the others see `engine.Engine` and errors of ours.

From below: `time_limits`, `urls` and `unix_http`, `transport` (the pool under the docker SDK),
`error_wall`, `session` (version, `features`, one call), `engine` (the endpoints). Beside them what
single endpoints need: `hijack` and `rawstream` (exec, attach), `json_stream` (`event_stream`,
`pulls`), `log_stream`, `archive`, `auth`; and what no API tells: `oom_score`, `readiness`. Knows
neither CRI nor protobuf.
"""
