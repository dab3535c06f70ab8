"""The arithmetic of attendance: who, how long, which sessions, which status. Pure: no I/O, no clock, no SQL."""
