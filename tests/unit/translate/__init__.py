"""The translation between CRI messages and Engine JSON, without Docker."""
