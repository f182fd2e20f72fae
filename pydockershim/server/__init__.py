"""The gRPC edge: listening, the two services, and the wall that turns errors into status codes.

A servicer method validates, calls one procedure or reads the view, and answers. It holds no state,
makes no decision, and cannot write to the view.
"""
