"""The same request from a terminal: one file per command, and nothing below this room prints."""
