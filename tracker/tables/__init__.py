"""Reads tables from the bytes of a file: its text, the lines and cells of that, and dates as people write them.

Pure functions, for whatever is in the tables.
"""
