"""Attacks on the doors, by their names: one test each."""
