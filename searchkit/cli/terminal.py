"""What may reach a terminal? Text without control of it, colours and links where they are wanted."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

from searchkit.errors import StorageError
from searchkit.frozen import frozen

# C0 controls have pictures of their own; C1 controls and lone surrogates have none. Characters that turn
# the direction of what follows are left out: a hit must not rearrange the screen around it.
_VISIBLE: dict[int, str] = {code: chr(0x2400 + code) for code in range(0x20)}
_VISIBLE |= {0x7F: "␡"} | dict.fromkeys(range(128, 160), "�")
_VISIBLE |= dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "")
_VISIBLE |= {0x2028: " ", 0x2029: " ", 0xFEFF: "", 0x09: " ", 0x0A: " ", 0x0D: " "}
_VISIBLE_LINES = {**_VISIBLE, 0x0A: "\n", 0x09: "\t"}

_BOLD, _DIM, _LIT, _TITLE, _RED, _OFF = (
    "\x1b[1m",
    "\x1b[2m",
    "\x1b[1;33m",
    "\x1b[1;36m",
    "\x1b[1;31m",
    "\x1b[0m",
)


def visible(text: str) -> str:
    """``text`` on one line, with every control character made harmless."""
    return _without_surrogates(text.translate(_VISIBLE))


def visible_lines(text: str) -> str:
    """``text`` with its line breaks and tabs, every other control character made harmless."""
    return _without_surrogates(text.translate(_VISIBLE_LINES))


def _without_surrogates(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text


@frozen
class Screen:
    """What output can show: ``colour`` for escapes, ``columns`` to wrap at, 0 for no wrap."""

    colour: bool
    columns: int

    def bold(self, text: str) -> str:
        """``text`` in bold."""
        return self._in(_BOLD, text)

    def dim(self, text: str) -> str:
        """``text`` in a paler colour."""
        return self._in(_DIM, text)

    def title(self, text: str) -> str:
        """``text`` as the title of a hit."""
        return self._in(_TITLE, text)

    def error(self, text: str) -> str:
        """``text`` as a warning word."""
        return self._in(_RED, text)

    def link(self, path: str, text: str) -> str:
        """``text`` as a link to a file (OSC 8), where links are shown."""
        if not self.colour or not path:
            return text
        host_and_path = "file://" + quote(os.fsencode(path))
        return f"\x1b]8;;{host_and_path}\x1b\\{text}\x1b]8;;\x1b\\"

    def lit(self, text: str, spans: Iterable[tuple[int, int]], *, base: str = "") -> str:
        """``text`` made visible, its ``spans`` lit, the rest in the style ``base`` ("title" or '')."""
        out, at = [], 0
        plain = _TITLE if base == "title" else ""
        for start, end in spans:
            out.append(self._in(plain, visible(text[at:start])))
            out.append(self._in(_LIT, visible(text[start:end])))
            at = end
        out.append(self._in(plain, visible(text[at:])))
        return "".join(out)

    def _in(self, style: str, text: str) -> str:
        return f"{style}{text}{_OFF}" if self.colour and style and text else text


def screen(stream: TextIO) -> Screen:
    """What ``stream`` can show: colours on a terminal unless NO_COLOR is set, plain text elsewhere."""
    if not stream.isatty():
        return Screen(colour=False, columns=0)
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        columns = 80
    return Screen(colour=colour, columns=max(columns, 40))


def lines(text: str, width: int) -> list[tuple[int, int]]:
    """Where to break ``text`` at blanks into lines of ``width`` cells: (start, end) of each line."""
    if width <= 0:
        return [(0, len(text))]
    found: list[tuple[int, int]] = []
    start, cells, blank = 0, 0, -1
    for at, character in enumerate(text):
        cells += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if character == " ":
            blank = at
        if cells > width:
            end = blank if blank > start else at
            found.append((start, end))
            start = end + 1 if blank > start else at
            cells, blank = at - start + 1, -1
    found.append((start, len(text)))
    return found


def short_path(path: str) -> str:
    """``path`` as the person would type it here: relative where it lies below the working folder."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return path


def write(text: str) -> None:
    """Print ``text`` and a line break; a pipe that was closed at the other end stops the program, quietly."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except OSError as error:
        # The interpreter flushes once more at exit; it must find a place to flush to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise SystemExit(0) from None
        raise StorageError(f"the answer cannot be written: {error.strerror}") from error


def complain(text: str) -> None:
    """Print ``text`` to standard error; never fails."""
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except OSError:
        pass
