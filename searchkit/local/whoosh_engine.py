"""The engine of this machine: articles in an index of stock Whoosh, read and written in one process.

Stock Whoosh is slow to build and opens its own table of contents by unpickling it, so an index from
a stranger must not be opened yet. Nothing outside this room knows that Whoosh is here.
"""

from __future__ import annotations

import datetime
import heapq
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import whoosh
from whoosh import fields, index, query, scoring, searching, writing
from whoosh.analysis import IDAnalyzer

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.engine import Filters, Found, Request, Response, Statistics, Term
from searchkit.errors import ArticleMissing, IndexDamaged, IndexLocked, StorageError
from searchkit.local.record import article_from_json, article_to_json
from searchkit.query import AllOf, Leaf, Node, leaves
from searchkit.version import __version__

# A term that no text gives: it stands between title and body, so that no phrase runs across.
_GAP = "\x00"
_TITLE_WEIGHT = 0.6
_UNDATED = 0


def schema() -> fields.Schema:
    """The fields of the index. ``text`` is title and body; terms arrive as lists of stems."""
    stems = fields.TEXT(analyzer=IDAnalyzer(), phrase=True)
    return fields.Schema(
        id=fields.ID(unique=True, sortable=True),
        text=stems,
        title=fields.TEXT(analyzer=IDAnalyzer(), phrase=False),
        day=fields.NUMERIC(int, sortable=True, default=_UNDATED),
        source=fields.ID(sortable=True),
        record=fields.STORED(),
    )


class WhooshEngine:
    """A snapshot of the index at ``path``; keeps the Engine protocol."""

    def __init__(self, path: Path, chain: Chain) -> None:
        self._path = path
        self._chain = chain
        try:
            self._searcher = index.open_dir(str(path)).searcher(weighting=scoring.BM25F())
        except OSError as error:
            raise StorageError(f"the index {path} cannot be read: {error.strerror or error}") from error
        except Exception as error:  # Whoosh has no errors of its own for damage
            raise IndexDamaged(
                f"the index {path} is damaged", hint="Build it again: searchkit index --rebuild PATH"
            ) from error

    @property
    def language(self) -> str:
        """The language of the stems."""
        return self._chain.language

    def search(self, request: Request) -> Response:
        """Answer ``request`` by a walk over every match."""
        parts = leaves(request.query)
        terms = tuple(self._term(leaf) for leaf in parts)
        compiled = self._compile(request.query)
        ranked = list(self._matches(compiled, request))
        wanted = request.offset + request.limit
        if request.sort == "oldest":
            best = heapq.nsmallest(wanted, ranked, key=lambda m: (m[1] == _UNDATED, m[1], m[2]))
        elif request.sort == "newest":
            best = heapq.nsmallest(wanted, ranked, key=lambda m: (-m[1], m[2]))
        else:
            best = heapq.nsmallest(wanted, ranked, key=lambda m: (-m[0], -m[1], m[2]))
        total_all = len(ranked)
        if len(parts) > 1 and not isinstance(request.query, AllOf):
            every = query.And([self._compile(leaf) for leaf in parts])
            total_all = sum(1 for _ in self._matches(every, request))
        return Response(
            total=len(ranked),
            total_all=total_all,
            found=tuple(
                Found(self._stored(number), score if request.sort == "relevance" else 0.0)
                for score, _, _, number in best[request.offset :]
            ),
            terms=terms,
            articles=self._searcher.doc_count(),
        )

    def article(self, article_id: str) -> Article:
        """The article with this id; raises ArticleMissing."""
        number = self._searcher.document_number(id=article_id)
        if number is None:
            raise ArticleMissing(
                f"no article has the id {article_id!r}",
                hint="The ids of hits are shown by: searchkit query --json TEXT",
            )
        return self._stored(number)

    def statistics(self) -> Statistics:
        """What the index holds, counted article by article."""
        reader = self._searcher.reader()
        sources: Counter[str] = Counter()
        days: list[int] = []
        for number in reader.all_doc_ids():
            article = self._stored(number)
            sources[article.source] += 1
            days.append(article.date.toordinal() if article.date else _UNDATED)
        dated = [day for day in days if day != _UNDATED]
        del sources[""]
        return Statistics(
            articles=len(days),
            words=reader.field_length("text") if days else 0,
            terms=sum(1 for _ in reader.lexicon("text")) if days else 0,
            sources=tuple(sorted(sources.items(), key=lambda item: (-item[1], item[0]))),
            first_date=datetime.date.fromordinal(min(dated)) if dated else None,
            last_date=datetime.date.fromordinal(max(dated)) if dated else None,
            undated=len(days) - len(dated),
            bytes=sum(file.stat().st_size for file in self._path.iterdir() if file.is_file()),
            versions={
                "searchkit": __version__,
                "whoosh": whoosh.versionstring(),
                "analysis": self._chain.fingerprint,
            },
        )

    def close(self) -> None:
        """Let go of the files."""
        self._searcher.close()

    def _term(self, leaf: Leaf) -> Term:
        stems = tuple(token.stem for token in self._chain.tokens(leaf.text))
        every = Filters()
        count = sum(1 for _ in self._matches(self._compile(leaf), Request(leaf, every)))
        return Term(leaf.text, stems, count)

    def _compile(self, node: Node) -> query.Query:
        if isinstance(node, Leaf):
            stems = [token.stem for token in self._chain.tokens(node.text)]
            if len(stems) > 1:
                return query.Phrase("text", stems)
            stem = stems[0] if stems else _GAP + _GAP
            return query.AndMaybe(query.Term("text", stem), query.Term("title", stem, boost=_TITLE_WEIGHT))
        parts = [self._compile(part) for part in node.parts]
        return query.And(parts) if isinstance(node, AllOf) else query.Or(parts)

    def _matches(self, compiled: query.Query, request: Request) -> Iterator[tuple[float, int, str, int]]:
        """Yield (score, day, id, number) of every article that matches and passes the filters."""
        filters = request.filters
        first = filters.since.toordinal() if filters.since else _UNDATED + 1
        last = filters.until.toordinal() if filters.until else datetime.date.max.toordinal()
        dated = filters.since is not None or filters.until is not None
        sources = {source.casefold() for source in filters.sources}
        context = searching.SearchContext(weighting=self._searcher.weighting)
        for leaf, offset in self._searcher.leaf_searchers():
            reader = leaf.reader()
            days, ids = reader.column_reader("day"), reader.column_reader("id")
            names = reader.column_reader("source")
            matcher = compiled.matcher(leaf, context)
            while matcher.is_active():
                number = matcher.id()
                day = days[number]
                if (not dated or first <= day <= last) and (not sources or names[number] in sources):
                    yield matcher.score(), day, ids[number], offset + number
                matcher.next()

    def _stored(self, number: int) -> Article:
        return article_from_json(self._searcher.stored_fields(number)["record"])


class WhooshWriter:
    """The one writer of the index at ``path``; keeps the Writer protocol."""

    def __init__(self, path: Path, chain: Chain) -> None:
        self._chain = chain
        self._clear = False
        self._batch: set[str] = set()
        try:
            self._index = index.open_dir(str(path))
            self._committed = self._ids()
        except Exception as error:  # Whoosh has no errors of its own for damage
            raise IndexDamaged(
                f"the index {path} is damaged", hint="Build it again: searchkit index --rebuild PATH"
            ) from error
        self._writer = self._open()

    def put(self, article: Article) -> None:
        """Add ``article`` or replace the one with its id."""
        if article.id in self._batch:
            self.commit()
        self.remove(article.id)
        title = [token.stem for token in self._chain.tokens(article.title)]
        body = [token.stem for token in self._chain.tokens(article.body)]
        self._writer.add_document(
            id=article.id,
            text=[*title, _GAP, *body],
            title=title,
            day=article.date.toordinal() if article.date else _UNDATED,
            source=article.source.casefold(),
            record=article_to_json(article),
        )
        self._batch.add(article.id)

    def remove(self, article_id: str) -> None:
        """Remove the article with this id, if there is one."""
        if article_id in self._batch:
            self.commit()
        if article_id in self._committed and not self._clear:
            self._writer.delete_by_term("id", article_id)
            self._committed.discard(article_id)

    def clear(self) -> None:
        """Remove every article."""
        self._writer.cancel()
        self._batch.clear()
        self._clear = True
        self._writer = self._open()

    def commit(self) -> None:
        """Make the changes visible."""
        try:
            self._writer.commit(mergetype=writing.CLEAR) if self._clear else self._writer.commit()
        except OSError as error:
            raise StorageError(f"the index cannot be written: {error.strerror or error}") from error
        self._clear = False
        self._batch.clear()
        self._committed = self._ids()
        self._writer = self._open()

    def close(self) -> None:
        """Give up what is not committed."""
        if not self._writer.is_closed:
            self._writer.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> writing.IndexWriter:
        try:
            return self._index.writer(limitmb=256)
        except index.LockError as error:
            raise IndexLocked(
                "another process is writing to this index", hint="Wait until it is done, then run this again."
            ) from error
        except OSError as error:
            raise StorageError(f"the index cannot be written: {error.strerror or error}") from error

    def _ids(self) -> set[str]:
        with self._index.searcher() as searcher:
            reader = searcher.reader()
            columns = (
                (leaf, leaf.column_reader("id")) for leaf, _ in reader.leaf_readers() if leaf.doc_count()
            )
            return {ids[number] for leaf, ids in columns for number in leaf.all_doc_ids()}


def create(path: Path) -> None:
    """Make an empty Whoosh index in the folder ``path``."""
    index.create_in(str(path), schema())
