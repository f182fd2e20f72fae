"""The only room that talks to dockerd; the others see `client.Engine` and errors of ours.

From below: `transport` (bytes on the socket), `refusals` (the error wall), `session` (version,
features, one call), `client` (the endpoints). Beside them what one endpoint needs: `hijack` and
`rawstream` (exec, attach), `pulls`, `archive`, `events`, `auth`. Knows neither CRI nor protobuf.
"""
