"""Acts on this node: processes, files, namespaces. Knows neither Docker nor the CRI.

Nothing else writes to the host, except `logs/` (log files) and `server/listen` (the CRI socket).
"""
