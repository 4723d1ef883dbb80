"""What may a person set about reading? One table of settings, with the limits that hostile files meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from searchkit.errors import UsageError

DAY_ORDERS = ("dmy", "mdy")

FIELDS = ("id", "title", "body", "summary", "date", "source", "authors", "section", "url", "language")
"""What a key or column can be mapped to; a ``summary`` that the body does not repeat comes before it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How files are read.

    ``keys`` are (field, key of a record or column) pairs that a person has mapped; they come before the
    project's own table of names. ``dates`` settles 03/04/2020: "dmy", "mdy", or '' for the language of the
    document. ``detect_language`` asks for the language of every article that states none; of a format that takes
    milliseconds anyway it is always asked for. ``archives`` is how deep archives may lie in archives, and layers
    of compression in each other. ``expansion`` is how many times its size on the disk a file may unfold to, beyond
    the first ``expansion_from`` bytes. ``seconds`` is how long one document may take, where it is read in a
    process of its own: one that lies in an archive, a web archive or a mailbox costs only itself.
    """

    keys: tuple[tuple[str, str], ...] = ()
    dates: str = ""
    detect_language: bool = False
    archives: int = 2
    expansion: int = 200
    expansion_from: int = 256 << 20
    seconds: float = 60.0


DEFAULTS = Settings()

LIMITS: dict[str, tuple[int, int]] = {
    "seconds": (5, 86_400),
    "expansion": (2, 1_000_000),
    "archives": (0, 16),
}
"""The least and the most that a person may set each limit to."""


# What people call the fields, from what is printed elsewhere.
_ALIASES = {"text": "body", "author": "authors", "headline": "title"}


def parse_keys(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The (field, key) pairs of texts such as "title=headline" or "title=news.headline.main".

    UsageError for a field that is not known, and for a text that names no field or no key.
    """
    pairs: dict[tuple[str, str], None] = {}
    for text in texts:
        field, mark, key = (part.strip() for part in text.partition("="))
        if not mark or not field or not key:
            raise UsageError(
                f"'{text}' maps nothing: a key is mapped as FIELD=KEY", hint="For example: --map title=headline"
            )
        field = _ALIASES.get(field.lower(), field.lower())
        if field not in FIELDS:
            raise UsageError(f"there is no field '{field}' to map '{key}' to", hint=f"Fields: {', '.join(FIELDS)}.")
        pairs[field, key] = None
    return tuple(pairs)


def with_limits(settings: Settings, limits: Mapping[str, int | None]) -> Settings:
    """The settings with the limits that are not None; UsageError for one out of its bounds."""
    told: dict[str, Any] = {name: value for name, value in limits.items() if value is not None}
    for name, value in told.items():
        least, most = LIMITS[name]
        if not least <= value <= most:
            raise UsageError(f"--max-{name} cannot be {value:,}", hint=f"It is a number from {least:,} to {most:,}.")
    return replace(settings, **told)
