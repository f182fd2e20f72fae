"""HTTP until the upgrade, without I/O.

`request_head` parses the only request of a connection and formats the response, `negotiation` picks
framing and subprotocol, `bind_address` is the listen address and the base URL. This package may not
know sessions or the engine.
"""
