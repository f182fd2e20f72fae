"""Procedures on containers, where no real engine shows it."""
