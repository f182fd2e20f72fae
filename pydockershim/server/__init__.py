"""The gRPC edge: listening, the two services, and the wall that turns errors into status codes.

A servicer method validates, calls a procedure or reads the view, and answers. It holds no state
and makes no decision of its own.
"""
