"""How is an index shown to Whoosh? As segments of a codec that only reads, in a table of contents by the manifest.

So ``whoosh.index.open_dir`` opens what searchkit wrote, and Whoosh's searcher, queries, spelling, sorting and
highlighting work over it. The table holds pickles, as Whoosh's own do: searchkit writes them and never reads them.
"""

from __future__ import annotations

import datetime
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from whoosh.analysis import Analyzer
from whoosh.analysis import Token as WhooshToken
from whoosh.codec import base
from whoosh.columns import ColumnReader
from whoosh.fields import DATETIME, ID, STORED, TEXT, Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.index import TOC
from whoosh.util.times import datetime_to_long

from searchkit.analysis import Chain
from searchkit.errors import StorageError, UsageError
from searchkit.local.whoosh_lexicons import readable
from searchkit.local.whoosh_reader import TermsReader
from searchkit.store.check_segment import Finding
from searchkit.store.folder import Folder, publish
from searchkit.store.manifest import Manifest, SegmentEntry, read_manifest
from searchkit.store.snapshot import LiveSegment

if TYPE_CHECKING:
    from whoosh.filedb.filestore import FileStorage

_NAME = "MAIN"
_TABLE = re.compile(rf"_{_NAME}_(\d+)\.toc")
# Fields with lengths and positions.
_TEXTS = ("body", "text", "title", "words")
_COLUMNS = ("date", "id", "source")
# What Whoosh's own column of dates holds for a document without one.
_NO_DATE = 2**64 - 1


def write_table_of_contents(folder: Folder, manifest: Manifest) -> None:
    """Leave Whoosh's table of contents for the commit ``manifest``, in place of the one before."""
    name, content = table_of_contents(manifest)
    others = [found for found in map(_TABLE.fullmatch, folder.names()) if found and found.string != name]
    for other in others:
        # Whoosh opens the highest: one of an index that was built anew would hide this one.
        if int(other[1]) > manifest.generation:
            folder.remove(other.string)
    publish(folder, name, content)
    for other in others:
        if int(other[1]) < manifest.generation:
            folder.remove(other.string)


def table_of_contents(manifest: Manifest) -> tuple[str, bytes]:
    """The name and the content of Whoosh's table for a commit."""
    segments = SegmentList(SearchkitSegment(entry) for entry in manifest.segments)
    storage = RamStorage()
    TOC(news_schema(manifest.language), segments, manifest.generation).write(storage, _NAME)
    ((name, content),) = storage.files.items()
    return name, content


def about_table(path: Path) -> Finding | None:
    """What is wrong with Whoosh's table of the index in ``path``: it is compared, not read.

    That there is none is nothing wrong: it is written behind the commit, and a crash may come between.
    Raises what ``read_manifest`` raises, and StorageError where the system refuses to read it.
    """
    name, content = table_of_contents(read_manifest(path))
    try:
        # One of another size is not read: it may be of any.
        same = (path / name).stat().st_size == len(content) and (path / name).read_bytes() == content
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"{path / name} cannot be read: {error.strerror}") from error
    if not same:
        return Finding(
            name, "", "the table of contents for Whoosh is not what was written: do not open it with Whoosh"
        )
    return None


def news_schema(language: str) -> Schema:
    """What Whoosh is told of the fields; ``language`` is that of the stems."""
    stems = NewsAnalyzer(language)
    return Schema(
        id=ID(stored=True, unique=True, sortable=True),
        text=TEXT(stems, stored=True, multitoken_query="phrase"),
        title=TEXT(stems, stored=True, multitoken_query="phrase"),
        body=TEXT(stems, stored=True, multitoken_query="phrase"),
        words=TEXT(NewsAnalyzer(language, stems=False), multitoken_query="phrase"),
        date=NewsDate(stored=True, sortable=True),
        source=ID(stored=True, sortable=True),
        authors=STORED,
        section=STORED,
        url=STORED,
        language=STORED,
        path=STORED,
        place=STORED,
    )


class NewsAnalyzer(Analyzer):  # type: ignore[misc]
    """searchkit's chain as an analyzer of Whoosh; without ``stems`` it gives the words as they are folded."""

    def __init__(self, language: str, *, stems: bool = True) -> None:
        self.language = language
        self.is_morph = stems
        self._chains = threading.local()

    def __getstate__(self) -> dict[str, object]:
        return {"language": self.language, "is_morph": self.is_morph}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state, _chains=threading.local())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NewsAnalyzer) and self.__getstate__() == other.__getstate__()

    def __hash__(self) -> int:
        return hash((self.language, self.is_morph))

    def __call__(
        self,
        value: str,
        positions: bool = False,
        chars: bool = False,
        keeporiginal: bool = False,
        start_pos: int = 0,
        start_char: int = 0,
        no_morph: bool = False,
        **options: object,
    ) -> Iterator[WhooshToken]:
        """Yield one token again and again, as Whoosh's analyzers do, each time with the next word."""
        if not hasattr(self._chains, "made"):
            # A chain belongs to one thread.
            self._chains.made = Chain(self.language)
        token = WhooshToken(positions, chars, **options)
        for position, found in enumerate(self._chains.made.tokens(value), start_pos):
            token.text = found.stem if self.is_morph and not no_morph else found.word
            if keeporiginal:
                token.original = value[found.start : found.end]
            if positions:
                token.pos = position
            if chars:
                token.startchar, token.endchar = start_char + found.start, start_char + found.end
            yield token


class NewsDate(DATETIME):  # type: ignore[misc]
    """Whoosh's dates, with civil days for values too."""

    def prepare_datetime(self, x: object) -> object:
        """A day counts from its beginning."""
        if isinstance(x, datetime.date) and not isinstance(x, datetime.datetime):
            x = datetime.datetime.combine(x, datetime.time())
        return super().prepare_datetime(x)

    def from_column_value(self, x: int) -> datetime.datetime | None:
        """None for an article without a date."""
        return None if x == _NO_DATE else super().from_column_value(x)


def _read_only(*_: object, **__: object) -> NoReturn:
    raise UsageError("Whoosh cannot write to an index of searchkit", hint="Use: searchkit index PATH")


class SearchkitCodec(base.Codec):  # type: ignore[misc]
    """Reads segments of the store for Whoosh; one instance for each segment that is opened."""

    def __init__(self) -> None:
        self._open: tuple[SearchkitSegment, LiveSegment] | None = None

    def per_document_reader(self, storage: FileStorage, segment: SearchkitSegment) -> ArticlesReader:
        """What is known of each article."""
        return ArticlesReader(self._opened(storage, segment))

    def terms_reader(self, storage: FileStorage, segment: SearchkitSegment) -> TermsReader:
        """The terms of the segment."""
        live = self._opened(storage, segment)
        return TermsReader(live.reader, ArticlesReader(live).lengths)

    def _opened(self, storage: FileStorage, segment: SearchkitSegment) -> LiveSegment:
        if self._open is None or self._open[0] != segment:
            path = Path(storage.folder)
            for name in (segment.entry.name, segment.entry.deleted):
                if name and not (path / name).exists():
                    # Whoosh then reads the table once more: a commit may have come between.
                    raise FileNotFoundError(path / name)
            live = LiveSegment(path, segment.entry)
            # Whoosh reads columns as a whole and believes what stands there.
            live.reader.check_columns()
            self._open = segment, live
        return self._open[1]

    per_document_writer = field_writer = postings_writer = new_segment = _read_only


class SearchkitSegment(base.Segment):  # type: ignore[misc]
    """A segment of the store in Whoosh's table of contents."""

    def __init__(self, entry: SegmentEntry) -> None:
        super().__init__(_NAME)
        self.entry = entry
        # With other deletions it is another segment, so Whoosh does not keep the old one open.
        self.segid = f"{entry.name}-{entry.deleted}"

    def codec(self) -> SearchkitCodec:
        """What reads it."""
        return SearchkitCodec()

    def doc_count(self) -> int:
        """How many articles are live."""
        return self.entry.live

    def deleted_count(self) -> int:
        """How many articles are deleted."""
        return self.entry.articles - self.entry.live

    def should_assemble(self) -> bool:
        """Never into one file with others."""
        return False

    # Whoosh's readers count what they opened. Only its writers ask the segment, and before they change anything.
    doc_count_all = delete_document = set_doc_count = create_file = create_compound_file = _read_only


class SegmentList(list[SearchkitSegment]):
    """The segments of one commit."""

    def extend(self, values: Iterable[SearchkitSegment]) -> None:
        """Nothing: a reader that is refreshed would add its old segments to those of the new commit."""

    def __iter__(self) -> Iterator[SearchkitSegment]:
        # Whoosh's readers do not look into an empty list. Its writers do, before they change anything.
        return super().__iter__() if self else _read_only()

    def __reduce__(self) -> tuple[type[SegmentList], tuple[list[SearchkitSegment]]]:
        return SegmentList, (self[:],)


class ArticlesReader(base.PerDocumentReader):  # type: ignore[misc]
    """What is known of each article: deletions, lengths, columns, stored fields."""

    def __init__(self, live: LiveSegment) -> None:
        self._live = live
        self._reader = live.reader
        self._titles = live.reader.file.numbers("lengths.title", "I")
        self._bodies = live.reader.file.numbers("lengths.body", "I")

    def doc_count(self) -> int:
        """How many articles are live."""
        return self._live.entry.live

    def doc_count_all(self) -> int:
        """How many articles there are, deleted ones included."""
        return self._reader.articles

    def has_deletions(self) -> bool:
        """Whether an article is deleted."""
        return self._live.live is not None

    def is_deleted(self, docnum: int) -> bool:
        """Whether this article is deleted."""
        return not self._live.is_live(docnum)

    def deleted_docs(self) -> Iterator[int]:
        """The articles that are deleted."""
        if self._live.live is None:
            return iter(())
        return (number for number in range(self._reader.articles) if not self._live.is_live(number))

    def lengths(self, fieldname: str, articles: Sequence[int]) -> list[int]:
        """How many words these articles have in a field; empty for a field without words."""
        titles, bodies = self._titles, self._bodies
        if fieldname == "title":
            return [titles[article] for article in articles]
        if fieldname == "body":
            return [bodies[article] for article in articles]
        if fieldname in _TEXTS:
            return [titles[article] + bodies[article] for article in articles]
        return []

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:
        """How many words an article has in a field."""
        return self.lengths(fieldname, (docnum,))[0] if fieldname in _TEXTS else default

    def field_length(self, fieldname: str) -> int:
        """How many words all articles have in a field, deleted ones included."""
        parts = {"title": (1, 0), "body": (0, 1), "text": (1, 1), "words": (1, 1)}
        title, body = parts.get(fieldname, (0, 0))
        return title * self._reader.title_words + body * self._reader.body_words

    def min_field_length(self, fieldname: str) -> int:
        """The fewest words an article has in a field."""
        return min(self.lengths(fieldname, range(self._reader.articles)), default=0)

    def max_field_length(self, fieldname: str) -> int:
        """The most words an article has in a field."""
        return max(self.lengths(fieldname, range(self._reader.articles)), default=0)

    def supports_columns(self) -> bool:
        """Yes."""
        return True

    def has_column(self, fieldname: str) -> bool:
        """Whether articles can be sorted and grouped by a field."""
        return fieldname in _COLUMNS

    def list_columns(self) -> list[str]:
        """The fields by which articles can be sorted and grouped."""
        return list(_COLUMNS)

    def column_reader(self, fieldname: str, column: object) -> Column:
        """A value for each article."""
        reader = self._reader
        if fieldname == "date":
            days = reader.days
            return Column(lambda number: _number(days[number]), reader.articles)
        if fieldname == "source":
            names, sources = [name.encode() for name in reader.source_names], reader.sources
            return Column(lambda number: names[sources[number]], reader.articles)
        return Column(lambda number: readable(reader.ids[number], reader), reader.articles)

    def stored_fields(self, docnum: int) -> dict[str, object]:
        """The article; ``text`` is what the field of that name was made of."""
        article = self._reader.article(docnum)
        return {
            "id": article.id,
            "title": article.title,
            "body": article.body,
            "text": f"{article.title}\n\n{article.body}" if article.title else article.body,
            "date": article.date,
            "source": article.source,
            "authors": article.authors,
            "section": article.section,
            "url": article.url,
            "language": article.language,
            "path": article.origin.path,
            "place": article.origin.place,
        }


class Column(ColumnReader):  # type: ignore[misc]
    """A column of the store. Articles without a date come last, whichever way they are sorted."""

    def __init__(self, value: Callable[[int], int | bytes], count: int) -> None:
        self._value = value
        self._doccount = count
        self._reverse = False

    def __getitem__(self, docnum: int) -> int | bytes:
        return self._value(docnum)

    def sort_key(self, docnum: int) -> int | bytes:
        """What an article is sorted by."""
        value = self._value(docnum)
        return -value if self._reverse and isinstance(value, int) and value != _NO_DATE else value

    def set_reverse(self) -> None:
        """Sort the other way; Whoosh asks that of numbers only."""
        self._reverse = True


def _number(day: int) -> int:
    """A day as the number that Whoosh sorts dates by."""
    return int(datetime_to_long(datetime.datetime.fromordinal(day))) if day else _NO_DATE
