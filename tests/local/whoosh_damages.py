"""Damages an index in many ways and lets Whoosh read it; run as a program, so that a crash can be seen.

    python whoosh_damages.py INDEX FOLDER random|hostile FIRST COUNT

As ``store/damages.py``, whose damages these are, done to the files that Whoosh's readers see through searchkit: the
segments and the deletions. The table of contents is left alone: Whoosh itself reads that, as pickles.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

from store.damages import article, try_damages
from whoosh import query, sorting
from whoosh.index import open_dir
from whoosh.qparser import QueryParser
from whoosh.reading import TermNotFound
from whoosh.searching import Searcher

from searchkit.errors import SearchkitError
from searchkit.local import open_writer

FIELDS = ("text", "title", "body", "words", "id", "source", "date")
Question = Callable[[Searcher], object]


def make_index(path: Path) -> None:
    """Two segments with deletions and one without; full blocks in the first, and many pages of texts."""
    random = Random(11)
    with open_writer(path, workers=1) as writer:
        for first, behind in ((0, 200), (200, 240)):
            for number in range(first, behind):
                # What nobody searches makes the texts large and leaves the questions quick.
                writer.put(replace(article(number, random), section=random.randbytes(1000).hex()))
            writer.commit()
        writer.remove("id3")
        writer.remove("id203")
        writer.put(article(5, random))
        writer.commit()


def _hits(asked: query.Query, **options: object) -> Question:
    def ask(searcher: Searcher) -> object:
        found = searcher.search(asked, limit=20, **options)
        return len(found), [(hit["id"], hit.score) for hit in found]

    return ask


def _searches() -> list[Question]:
    term, words = query.Term, [f"w{number}" for number in range(60)]
    trees = [
        *(term(field, "w0") for field in FIELDS[:4]),
        term("text", "nowhere"), term("id", "id7"), term("source", "s1"), query.Every("date"),
        query.And([term("text", "w0"), term("text", "w1"), term("body", "w2")]),
        query.Or([term("text", "w30"), term("title", "w1"), term("words", "policed")]),
        query.AndNot(term("text", "w1"), term("text", "w2")),
        query.Phrase("text", words[:2]), query.Phrase("body", ["polic", "polic"]),
        query.Phrase("words", ["w1", "w0"]),
        query.Prefix("text", "w4"), query.Wildcard("words", "polic?s"), query.FuzzyTerm("text", "w9"),
        query.TermRange("body", "w20", "w29"), query.DateRange("date", datetime(2020, 2, 1), datetime(2020, 4, 1)),
    ]  # fmt: skip
    facets = [sorting.FieldFacet(name, reverse=back) for name in ("date", "source") for back in (False, True)]
    return [
        *map(_hits, trees),
        *(_hits(term("text", "w1"), sortedby=facet) for facet in (*facets, "id")),
        _grouped,
    ]


def _grouped(searcher: Searcher) -> object:
    found = searcher.search(query.Term("text", "w1"), groupedby=["source", "date"], limit=None)
    return [{str(name): sorted(members) for name, members in found.groups(by).items()} for by in ("source", "date")]


def _lit(searcher: Searcher) -> object:
    asked = QueryParser("body", searcher.schema).parse('policing OR "w0 w1"')
    return [hit.highlights("body") for hit in searcher.search(asked, limit=3)]


def _stored(searcher: Searcher) -> object:
    return [str(sorted(fields.items())) for fields in searcher.all_stored_fields()]


def _spelled(searcher: Searcher) -> object:
    reader = searcher.reader()
    return searcher.suggest("words", "polise"), reader.most_frequent_terms("text", 5), searcher.document(id="id9")


def _key_terms(searcher: Searcher) -> object:
    found = searcher.search(query.Term("text", "w9"), limit=3)
    return found.key_terms("text", docs=3), [hit["id"] for hit in found[0].more_like_this("body")] if found else []


def _walked(field: str) -> Question:
    """Every term of a field, its facts, its postings and where they stand."""

    def ask(searcher: Searcher) -> object:
        reader = searcher.reader()
        found: list[object] = []
        for term in reader.field_terms(field):
            info = reader.term_info(field, term)
            found.append((term, info.weight(), info.doc_frequency(), info.min_id(), info.max_id()))
            matcher = reader.postings(field, term)
            while matcher.is_active():
                found.append((matcher.id(), matcher.weight()))
                if field in FIELDS[:4]:
                    found.append(matcher.value_as("positions"))
                matcher.next()
        return found

    return ask


def _counts(searcher: Searcher) -> object:
    reader = searcher.reader()
    lengths = [(reader.field_length(field), reader.max_field_length(field)) for field in FIELDS[:4]]
    return reader.doc_count(), reader.doc_count_all(), lengths, sorted(reader.all_doc_ids())


QUESTIONS: list[Question] = [
    *_searches(),
    *(_walked(field) for field in FIELDS),
    _counts, _grouped, _lit, _stored, _spelled, _key_terms,
]  # fmt: skip


def answers(path: Path) -> list[object]:
    """Whoosh's answer to each question, or the class of the error that came instead: searchkit's, or TermNotFound."""
    try:
        searcher = open_dir(str(path)).searcher()
    except SearchkitError as error:
        return [type(error)] * len(QUESTIONS)
    found: list[object] = []
    with searcher:
        for ask in QUESTIONS:
            try:
                found.append(ask(searcher))
            except (SearchkitError, TermNotFound) as error:
                found.append(type(error))
    return found


def main() -> None:
    """Run the damages that the command line asks for."""
    expected = answers(Path(sys.argv[1]))

    def verify(mode: str, path: Path, counts: Counter[str]) -> None:
        for number, (answer, right) in enumerate(zip(answers(path), expected, strict=True)):
            is_error = isinstance(answer, type)
            assert is_error or mode == "hostile" or answer == right, f"question {number} has another answer"
            # A forger can put terms out of their order; Whoosh itself says that it does not find one of them.
            assert answer is not TermNotFound or mode == "hostile", f"question {number} misses a term"
            counts["errors" if is_error else "right answers" if answer == right else "other answers"] += 1

    try_damages(verify, seed="whoosh ", files_harmed="segment|deleted")


if __name__ == "__main__":
    main()
