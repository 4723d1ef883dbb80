"""How is one file read from end to end? Opened, unpacked, recognized, given to its reader, and closed.

Whatever fails on the way (the disk, the compression, the encoding, the format) becomes a Problem. An
exception that leaves a Reading is a mistake in this program.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from searchkit.article import Article, Origin, Problem
from searchkit.readers.archives import archive_kind, members
from searchkit.readers.decoding import SAMPLE_SIZE, refuse_binary
from searchkit.readers.format import Format, HeavyError, Packer, Source, UnreadableError
from searchkit.readers.formats import BY_NAME
from searchkit.readers.noticed import noticing
from searchkit.readers.packed import (
    Budget,
    ContainerError,
    SpentError,
    buffered,
    layer_of,
    unfolded,
    without_suffix,
)
from searchkit.readers.prose import clean
from searchkit.readers.recognition import recognized
from searchkit.readers.settings import DEFAULTS, Settings
from searchkit.readers.steps import Steps
from searchkit.readers.trace import Counted, Trace

# Formats whose bytes are no text: of all others, binary files are refused by name.
_NO_TEXT = frozenset(("PDF", "Word document", "Parquet", "RTF", "ANPA 1312", "IPTC 7901", "WARC", "mail", "mailbox"))

# And of these, in whose bytes a NUL is nothing strange.
_NUL_BELONGS = _NO_TEXT - {"RTF", "mail", "mailbox"}

# What these say of their encoding is true of a part of them.
_OF_PARTS = frozenset(("RTF", "mail", "mailbox", "MHTML"))

_SAID = {
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOENT: "is not there any more",
    errno.EISDIR: "is a folder",
    errno.EIO: "the disk could not be read",
    errno.ELOOP: "is a link that leads to itself",
    errno.ENAMETOOLONG: "has a name that is too long",
    errno.ENXIO: "is a socket, not a file",
    errno.ESTALE: "is not there any more",
}
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY


class Reading:
    """The articles and problems of one file, one after the other.

    Iterate over it once. It closes its file when it is exhausted, when ``close`` is called, and at the
    end of a ``with`` block. ``formats`` counts the articles by the name of their format.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        *,
        explicit: bool = False,
        settings: Settings = DEFAULTS,
        after: Trace | None = None,
        light: bool = False,
        steps: Steps | None = None,
        packer: Packer | None = None,
    ) -> None:
        """``explicit`` admits what a person may name but a folder may not hide: pipes, and any suffix.

        ``after`` is the trace of the file's beginning, if that was read before and is not wanted again.
        With ``light`` the first item raises HeavyError where the document is of a heavy format, or a container.
        ``steps`` are told of each document that is begun. With a ``packer`` some articles come as the bytes that it
        made of them: see ``packed_items``.
        """
        self._path = str(path.absolute())
        self._name = clean(name)
        self._explicit = explicit
        self._settings = settings
        self._light = light
        self._steps = steps or Steps()
        # Nothing is found or told of an article that is packed.
        self._packer = None if settings.keys or settings.detect_language else packer
        self._trace = after or Trace()
        self._begin = self._trace.size
        self._lines_before = self._trace.lines if after else 0
        self._file: Counted | None = None
        # The whole of a file that was read at once has been traced, that of a larger one when its end is met.
        self._at_once = False
        self._size = 0
        self._budget: Budget | None = None
        self.formats: Counter[str] = Counter()
        self._items = _guarded(self._opened(), Origin(self._path, ""), outermost=True)

    def __iter__(self) -> Iterator[Article | Problem]:
        return self

    def __next__(self) -> Article | Problem:
        return next(self._items)

    def packed_items(self) -> Iterator[Article | Problem | bytes]:
        """Articles and problems, some articles packed if a packer was given."""
        return self._items

    def __enter__(self) -> Reading:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def bytes_read(self) -> int:
        """How many bytes of the file, as it lies there (compressed), have been taken so far."""
        taken = self._file.taken if self._file else self._size if self._at_once else 0
        # A zip is read from its end, and some of it twice.
        return min(taken, max(self._size - self._begin, 0)) if self._size else taken

    @property
    def goes_on(self) -> bool:
        """Whether only the end of the file is read, its beginning being known."""
        return bool(self._begin)

    @property
    def digest(self) -> bytes:
        """The digest of the file's bytes, if it was read from its beginning to its end; else b''."""
        traced = self._at_once or (self._file and self._file.trace)
        return self._trace.digest if traced and self._size == self._trace.size else b""

    @property
    def lines(self) -> int:
        """How many lines the file had; 0 where a later reading cannot go on from its end."""
        return self._trace.lines if self.digest else 0

    def close(self) -> None:
        """Let go of the file; what was not read stays unread."""
        self._items.close()

    def _opened(self) -> Iterator[Article | Problem]:
        try:
            mode = os.stat(self._path).st_mode  # noqa: PTH116 (a Path is made of pieces first: this is done a million times)
        except ValueError as error:
            # A path that no system takes ("embedded null byte") is refused so.
            raise UnreadableError(str(error), "access") from error
        if stat.S_ISDIR(mode):
            raise UnreadableError(_SAID[errno.EISDIR], "access")
        regular = stat.S_ISREG(mode)
        if not (self._explicit or regular):
            raise UnreadableError(no_file(mode), "access")
        # What a file is replaced with meanwhile must not be waited for.
        descriptor = os.open(self._path, _FLAGS | (os.O_NONBLOCK if regular else 0))
        file = io.FileIO(descriptor)
        try:
            before = os.fstat(descriptor)
            if regular and not stat.S_ISREG(before.st_mode):
                raise UnreadableError(no_file(before.st_mode), "access")
            self._size = before.st_size
            if before.st_size <= SAMPLE_SIZE and not self._begin and regular:
                data = os.read(descriptor, SAMPLE_SIZE)
                if len(data) == before.st_size:
                    # Most files of a folder are small: this one needs no more of the disk.
                    file.close()
                    self._at_once = True
                    if data:
                        self._trace.take(data)
                    yield from self._whole(io.BufferedReader(io.BytesIO(data), max(len(data), 1)), data)
                    return
                os.lseek(descriptor, 0, os.SEEK_SET)
            if self._begin:
                os.lseek(descriptor, self._begin, os.SEEK_SET)
            self._file = Counted(file, self._trace)
            with buffered(self._file) as stream:
                yield from self._steady(self._whole(stream, stream.peek(SAMPLE_SIZE)), before if regular else None)
        finally:
            file.close()

    def _steady(
        self, items: Iterator[Article | Problem], before: os.stat_result | None
    ) -> Iterator[Article | Problem]:
        """``items``, and a word on it if the file became another while it was read: that explains much."""
        try:
            yield from items
        except (UnreadableError, EOFError) as error:
            if before and self._changed(before):
                reason = error.reason if isinstance(error, UnreadableError) else "it ends too early"
                raise UnreadableError(f"changed while it was read ({reason})", "access") from error
            raise
        if before and self._changed(before):
            reason = "changed while it was read; the next run reads it again"
            yield Problem(Origin(self._path), reason, True, "access")

    def _changed(self, before: os.stat_result) -> bool:
        try:
            after = os.stat(self._path)  # noqa: PTH116
        except OSError:
            return True
        said = [(found.st_ino, found.st_dev, found.st_size, found.st_mtime_ns) for found in (before, after)]
        return said[0] != said[1]

    def _whole(self, stream: io.BufferedReader, sample: bytes) -> Iterator[Article | Problem]:
        source = Source(
            stream,
            self._path,
            self._name,
            self._settings,
            lines_before=self._lines_before,
            steps=self._steps,
            light=self._light,
            packer=self._packer,
        )
        return self._document(source, os.path.basename(self._path), sample, 0, 0)  # noqa: PTH119

    def _spending(self) -> Budget:
        if self._budget is None:
            free, times = self._settings.expansion_from, self._settings.expansion
            self._budget = Budget(lambda: self.bytes_read, self._size, times, free)
        return self._budget

    def _document(
        self, source: Source, called: str, sample: bytes, archives: int, layers: int
    ) -> Iterator[Article | Problem]:
        """What is in a document; ``called`` is its name without what says how it is packed."""
        if not sample:
            raise UnreadableError("is empty", "empty")
        layer = layer_of(sample)
        archive = "" if layer else archive_kind(called, sample)
        most = self._settings.archives
        if layer:
            if layers > most:
                raise UnreadableError(f"is compressed more than {most + 1} times over (--max-archives)", "archive")
            with unfolded(source.stream, layer, self._spending()) as stream:
                inner = replace(source, stream=stream)
                called = without_suffix(called)
                yield from self._document(inner, called, stream.peek(SAMPLE_SIZE), archives, layers + 1)
        elif archive:
            if self._light:
                raise HeavyError
            if archives >= most:
                raise UnreadableError(
                    f"is packed in more than {most} archives, one in the other (--max-archives)", "archive"
                )
            yield from self._members(source, archive, archives + 1, layers)
        else:
            # What is named as if it were compressed may be unpacked already.
            called = called if layers else without_suffix(called)
            yield from self._articles(source, called, sample, explicit=self._explicit and not archives)

    def _members(self, source: Source, archive: str, depth: int, layers: int) -> Iterator[Article | Problem]:
        has_members = False
        try:
            for member in members(source.stream, archive, self._spending(), depth):
                has_members = True
                inside = f"{source.inside}/{member.name}" if source.inside else member.name
                origin = Origin(self._path, inside)
                if member.stream is None:
                    yield Problem(origin, member.refusal, kind="archive")
                    continue
                part = replace(source, stream=member.stream, name=f"{source.name}/{member.name}", inside=inside)
                yield from _guarded(self._member(part, member.name, depth, layers), origin)
        except ContainerError as error:
            if error.depth != depth:
                raise
            raise error.fault from error
        if not has_members:
            raise UnreadableError("is an archive without a file", "empty")

    def _member(self, part: Source, name: str, depth: int, layers: int) -> Iterator[Article | Problem]:
        called = name.replace("\\", "/").rpartition("/")[2]
        yield from self._document(part, called, part.stream.peek(SAMPLE_SIZE), depth, layers)

    def _articles(self, source: Source, called: str, sample: bytes, *, explicit: bool) -> Iterator[Article | Problem]:
        row = BY_NAME["JSON lines"] if source.lines_before else recognized(called, sample, explicit=explicit)
        if (row.heavy or row.container) and self._light:
            raise HeavyError
        if row.name not in _NO_TEXT:
            refuse_binary(sample)
        if row.container or not source.inside:
            return self._read(row, source, sample)
        return self._step(row, source, sample)

    def _step(self, row: Format, source: Source, sample: bytes) -> Iterator[Article | Problem]:
        """A document in a container: what is wrong with it is part of its step."""
        with self._steps.document(source.inside) as wanted:
            if wanted:
                yield from _guarded(self._read(row, source, sample), source.origin())

    def _read(self, row: Format, source: Source, sample: bytes) -> Iterator[Article | Problem]:
        # Where an article takes milliseconds anyway, its language costs nothing that one would feel.
        detect = row.heavy or self._settings.detect_language
        silent = True
        noticed = None
        if row.name not in _NUL_BELONGS:
            stream, noticed = noticing(source.stream, sample, of_parts=row.name in _OF_PARTS)
            if stream is not source.stream:
                source = replace(source, stream=stream)
        items = row.read(source)
        # What its library takes to load is not the time of the document.
        self._steps.beat()
        try:
            for item in self._with_languages(items) if detect else items:
                silent = False
                if not isinstance(item, Problem):
                    self.formats[row.name] += 1
                yield item
        except UnreadableError:
            # Of what was read before that it is as true.
            if noticed and not silent:
                yield from noticed.problems(source.origin())
            raise
        if silent and not source.lines_before:
            raise UnreadableError("holds no article", "empty")
        if noticed:
            yield from noticed.problems(source.origin())

    def _with_languages(self, items: Iterator[Article | Problem]) -> Iterator[Article | Problem]:
        """``items``, the articles with their languages, stated or found."""
        # Its library, an extra, takes a second to load.
        from searchkit.readers.language_detection import with_language

        for item in items:
            # Nor is the second that its model takes.
            self._steps.beat()
            yield with_language(item) if isinstance(item, Article) else item


def _guarded(
    items: Iterator[Article | Problem], origin: Origin, *, outermost: bool = False
) -> Generator[Article | Problem, None, None]:
    """``items``, and a Problem where they end with an error that is the document's own."""
    count = 0
    try:
        for item in items:
            count += not isinstance(item, Problem)
            yield item
    except SpentError as error:
        if not outermost:
            error.place = error.place or origin.place
            raise
        yield _problem(Origin(origin.path, error.place), error.reason, error.kind, count)
    except UnreadableError as error:
        place = ", ".join(part for part in (origin.place, error.place) if part)
        yield _problem(Origin(origin.path, place), error.reason, error.kind, count)
    except RecursionError:
        yield _problem(origin, "is nested too deeply", "limit", count)
    except MemoryError:
        yield _problem(origin, "needs more memory than there is", "limit", count)
    except OSError as error:
        yield _problem(origin, refused(error), "access", count)


def refused(error: OSError) -> str:
    """Why the system did not give a file, as half a sentence."""
    return _SAID.get(error.errno or 0, error.strerror.lower() if error.strerror else "could not be read")


def no_file(mode: int) -> str:
    """What stands in the place of a file whose ``st_mode`` says that it is none, as half a sentence."""
    kinds = {stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}
    return f"is a {kinds.get(stat.S_IFMT(mode), 'thing of its own kind')}, not a file"


def _problem(origin: Origin, reason: str, kind: str, count: int) -> Problem:
    if count:
        before = "1 article was" if count == 1 else f"{count:,} articles were"
        reason = f"{reason}: {before} read before that"
    return Problem(origin, reason, kind=kind)
