"""The only room that talks to dockerd; the others see `client.Engine` and errors of ours.

From below: `limits`, `targets` and `connection`, `transport` (the pool under the docker SDK),
`refusals` (the error wall), `session` (version, `features`, one call), `client` (the endpoints).
Beside them what single endpoints need: `hijack` and `rawstream` (exec, attach), `streams`
(`events`, `pulls`, `log_stream`), `archive`, `auth`; and `oom`, what no API tells. Knows neither
CRI nor protobuf.
"""
