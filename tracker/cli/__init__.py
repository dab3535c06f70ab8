"""The command line of operators: `tracker …`."""

from tracker.cli.commands import command_parser, main

__all__ = ["command_parser", "main"]
