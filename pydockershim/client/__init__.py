"""A small CRI client: for the demo, the tests and the tools, never for the shim itself.

- client.py: `CriClient`, a method for each RPC that is used
- manifest/: a Kubernetes pod manifest as CRI requests, without I/O
- this_node.py: what the manifest part needs to know of this machine, and to find made on it
"""
