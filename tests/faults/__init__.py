"""Bad days: what clients see while dockerd misbehaves. Runs in the bed only.

`proxy` stands between the shim and dockerd and does the misbehaving. Each test names the guard that
it is about; without that guard it fails.
"""
