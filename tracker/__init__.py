"""Counts who was in a Zoom class: the tracker process and everything the dashboard shares with it."""
