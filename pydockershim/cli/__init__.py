"""The command line: reads flags into a `Config`. No work is done here."""
