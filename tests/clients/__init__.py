"""Streaming clients of our own, for what kubectl and crictl cannot be made to do.

They share no codec with the server, so that the two cannot be wrong in the same way. They are
blocking and straightforward, and let a test break every rule.
"""
