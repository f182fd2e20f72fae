"""How pods get their network. Knows the host and Engine JSON, not the CRI.

The kind of network for new pods is chosen by a flag and recorded on each sandbox. Teardown and
status follow the sandbox's record, not today's flag.
"""
