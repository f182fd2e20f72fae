"""What images and writable layers use on disk, asked for in the background.

No RPC asks the engine; one that comes before its first answer waits for it, for 10 s at most.
"""
