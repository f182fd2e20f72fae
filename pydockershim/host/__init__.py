"""Acts on this node: processes, files, namespaces. Knows neither the Engine API nor CRI messages.

Nothing else writes to the host, except `logs/` (log files), `server/listen` (the CRI socket), and
`client/this_node`, for the demo. (The engine runs the credential helpers of the docker CLI.)
"""
