"""The composition root: the one room that may import all others. Builds, starts and stops them.

- daemon.py: runs the daemon from start to stop
- wiring.py: one statement for each object
- service.py: how objects with threads of their own start and stop
- signals.py: SIGTERM and SIGINT
"""
