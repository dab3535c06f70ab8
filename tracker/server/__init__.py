"""The tracker process: its HTTP server, its loop, and the dashboard that it starts."""
