"""Tests of the records on containers, without Docker."""
