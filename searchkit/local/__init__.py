"""How is a tree answered on this machine? By an index in a folder."""

from searchkit.local.folder import open_engine, open_writer

__all__ = ["open_engine", "open_writer"]
