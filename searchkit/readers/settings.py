"""What may a person set about reading? One table of settings, with the limits that hostile files meet."""

from __future__ import annotations

from dataclasses import dataclass

DAY_ORDERS = ("dmy", "mdy")


@dataclass(frozen=True, slots=True)
class Settings:
    """How files are read.

    ``keys`` are (field, key of a record or column) pairs that a person has mapped; they come before the
    project's own table of names. ``dates`` settles 03/04/2020: "dmy", "mdy", or '' for the language of the
    document. ``archives`` is how deep archives may lie in archives, and layers of compression in each other.
    ``expansion`` is how many times its size on the disk a file may unfold to, beyond the first
    ``expansion_from`` bytes. ``seconds`` is how long one document may take, where it is read in a process
    of its own.
    """

    keys: tuple[tuple[str, str], ...] = ()
    dates: str = ""
    archives: int = 2
    expansion: int = 200
    expansion_from: int = 256 << 20
    seconds: float = 60.0


DEFAULTS = Settings()
