"""SPDY/3.1 as Kubernetes speaks it, without I/O: `frames` is the encoding, `connection` the rules.

Sources: the SPDY draft 3.1 for the format; for what is left out of it, moby/spdystream, which is on
the other end. There is no flow control: WINDOW_UPDATE is neither sent nor obeyed, so a reader's
only brake is TCP's.
"""
