"""The command line: reads flags into a `Config`, and hands over. No work is done here."""
