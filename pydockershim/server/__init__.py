"""The gRPC edge: listening, the two services, and the wall that turns errors into status codes.

A servicer method validates, calls one procedure or reads the view, and answers. It holds no state
and makes no decision. The deps of the procedures are passed on to them and not looked into, and no
store is touched here: a servicer cannot write to the view.
"""
