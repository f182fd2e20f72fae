"""What an operator can set. Knows no room, reads nothing from the host and logs nothing.

- config.py: `Config`, the one table: a row a setting, with its flags, parser, default and help
- setting.py: what a row holds, and how texts become checked values
- parsers.py, streaming_limits.py: from a text to a value; a ValueError says what is wrong with it

A parser does not know where a text came from. Whoever reads a text names the source: `cli.flags`
writes `--log-level loud: use one of ...`. Other sources need no column of their own: their names
follow from the setting's name.
"""
