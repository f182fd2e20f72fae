"""How pods get their network. Knows the host and Engine JSON, not the CRI.

The kind of network is chosen by flag and recorded on each sandbox; teardown and status follow the
sandbox's record, not the flag of today.
"""
