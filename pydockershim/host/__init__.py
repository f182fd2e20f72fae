"""Acts on this node: processes, files, mounts. Knows neither Docker nor the CRI.

What is written to the host is written here and nowhere else.
"""
