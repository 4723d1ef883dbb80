"""How is an answer written? One function per format, each from results to text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from searchkit.cli.terminal import Screen, lines, short_path, visible
from searchkit.engine import Term
from searchkit.errors import QueryError, SearchkitError
from searchkit.frozen import frozen
from searchkit.query import Leaf, Phrase, Word, is_list
from searchkit.results import Hit, Results
from searchkit.results.copies import copies

if TYPE_CHECKING:
    from searchkit.results.nothing import Nothing

# What JSON may hold raw, but a terminal must not: controls, turns of the direction, lone surrogates.
_UNSAFE_IN_JSON = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_INDENT = 4
# Of a long query's words, how many are named in a sentence.
_NAMED_WORDS = 10
# Of what is to be said of a query, how much.
_MOST_REMARKS = 10


@frozen
class Page:
    """What a format has to know besides the results."""

    screen: Screen
    topic: str
    number: int
    size: int


def as_text(results: Results, page: Page) -> str:
    """For people: the counts, then a block for each hit."""
    blocks = ["\n".join([_counts(results, page.screen), *_remarks(results, page.screen)])]
    if results.total and not results.hits:
        last = (results.total + page.size - 1) // page.size
        blocks.append(f"Page {page.number} is past the last hit; the last page is {last:,}.")
    same = copies(results)
    blocks += [_block(hit, page.screen, same.get(hit.rank)) for hit in results]
    return "\n\n".join(blocks)


def as_json(results: Results, page: Page) -> str:
    """One object with the counts and the hits."""
    from searchkit.query import canonical  # no other format needs it

    answer = {
        "query": results.query,
        "total": results.total,
        "total_all": results.total_all,
        "took_ms": round(results.took_ms, 3),
        "canonical": canonical(results.tree),
        "notices": [{"column": notice.column, "text": notice.text} for notice in results.notices],
        "terms": [_term(results, term) for term in results.terms],
        "nothing": _nothing(results.nothing),
        "hits": _records(results),
    }
    return json_text(answer, indent=2)


def error_as_json(error: SearchkitError) -> str:
    """What went wrong, as one object; of a query also the column, counted from 1."""
    record: dict[str, object] = {"message": error.message, "hint": error.hint, "kind": type(error).__name__}
    if isinstance(error, QueryError):
        record["column"] = error.column
    return json_text({"error": record})


def as_jsonl(results: Results, page: Page) -> str:
    """One object a line, each a hit as in JSON."""
    return "\n".join(json_text(record) for record in _records(results))


def as_csv(results: Results, page: Page) -> str:
    """A header and a row for each hit; no cell is taken for a formula by a spreadsheet."""
    import csv  # these two and no other format need it
    import io

    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["rank", "id", "score", "date", "source", "title", "path", "place", "url", "snippet"])
    for hit in results:
        texts = (hit.source, hit.title, hit.path, hit.place, hit.article.url, hit.snippet)
        date = hit.date.isoformat() if hit.date else ""
        table.writerow([hit.rank, _cell(hit.id), f"{hit.score:.6f}", date, *map(_cell, texts)])
    return out.getvalue().rstrip("\n")


def as_trec(results: Results, page: Page) -> str:
    """TREC's six columns: topic, Q0, id, rank, score, tag. Blanks within an id are percent-encoded."""
    topic = quote(page.topic, safe="", errors="replace")
    return "\n".join(
        f"{topic} Q0 {_trec_id(hit.id)} {hit.rank} {_trec_score(results, hit):.6f} searchkit" for hit in results
    )


FORMATS: dict[str, Callable[[Results, Page], str]] = {
    "text": as_text,
    "json": as_json,
    "jsonl": as_jsonl,
    "csv": as_csv,
    "trec": as_trec,
}


def json_text(value: object, *, indent: int | None = None) -> str:
    """``value`` as JSON that is safe to show on a terminal."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    # Escaped, it is the same JSON.
    return re.sub(f"[{_UNSAFE_IN_JSON}]", lambda match: f"\\u{ord(match[0]):04x}", text)


def _nowhere(results: Results) -> bool:
    """Whether the query is words to choose from, or one, and no article has any."""
    words = is_list(results.tree) or isinstance(results.tree, Leaf | Phrase)
    return words and not results.total and not any(term.articles for term in results.terms)


def _remarks(results: Results, screen: Screen) -> Iterator[str]:
    """What a person should know of how the query was taken, and what it lacks."""
    for notice in results.notices[:_MOST_REMARKS]:
        yield screen.dim(f"column {notice.column}: {visible(notice.text)}")
    if (more := len(results.notices) - _MOST_REMARKS) > 0:
        yield screen.dim(f"{more:,} more of such; --parse has them all")
    alone = []
    for term in results.terms:
        asked = {word: likely for word in _words(term) if (likely := results.suggestions.get(word, ()))}
        for word, likely in asked.items() if not term.articles else ():
            meant = _listed([f"{count:,} {_have(count)} {_quoted(other)}" for other, count in likely])
            # Of a phrase it is one of its words.
            named = _quoted(word) if isinstance(term.leaf, Phrase) else _named(term)
            yield f"no article has {named}; did you mean: {meant}?"
        if not term.articles and not asked:
            alone.append(_named(term))
    if alone and not _nowhere(results):
        yield f"no article has {_any_of(alone)}"
    if results.nothing and results.nothing.reason:
        yield visible(results.nothing.reason)
        for part in results.nothing.parts:
            yield f"  {part.articles:>7,} {_articles(part.articles)}  {visible(part.text)}"


def _words(term: Term) -> list[str]:
    """The words of a term for which others could be meant."""
    parts = term.leaf.parts if isinstance(term.leaf, Phrase) else (term.leaf,)
    return [part.text for part in parts]


def _term(results: Results, term: Term) -> dict[str, object]:
    record: dict[str, object] = {"text": term.text, "articles": term.articles}
    asked = {word: results.suggestions.get(word, ()) for word in _words(term)} if not term.articles else {}
    meant = {word: [{"text": other, "articles": count} for other, count in likely] for word, likely in asked.items()}
    if isinstance(term.leaf, Phrase):
        words = [{"text": word, "did_you_mean": likely} for word, likely in meant.items() if likely]
        return record | ({"words": words} if words else {})
    likely = next(iter(meant.values()), [])
    return record | ({"did_you_mean": likely} if likely else {})


def _nothing(nothing: Nothing | None) -> dict[str, object] | None:
    if nothing is None:
        return None
    parts = [{"text": part.text, "articles": part.articles} for part in nothing.parts]
    return {"reason": nothing.reason, "parts": parts}


def _counts(results: Results, screen: Screen) -> str:
    took = screen.dim(f"({results.took_ms:.1f} ms)")
    if not results.total:
        if _nowhere(results):
            return f"No article has {_any_of([_named(term) for term in results.terms])}. {took}"
        return f"No article matches. {took}"
    count = screen.bold(f"{results.total:,}")
    if not is_list(results.tree):
        return f"{count} {_articles(results.total)} {took}"
    if results.total == results.total_all:
        return f"{count} {_articles(results.total)} with all {len(results.terms)} words {took}"
    every = screen.bold(f"{results.total_all:,}")
    some = f"{count} {_articles(results.total)} with some of the words"
    return f"{some}, {every} with all {len(results.terms)} {took}"


def _any_of(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"any of {_listed(words)}"


def _listed(parts: list[str]) -> str:
    left = len(parts) - _NAMED_WORDS
    return ", ".join(parts[:_NAMED_WORDS]) + (f" and {left:,} more" if left > 0 else "")


def _block(hit: Hit, screen: Screen, copied: Hit | None) -> str:
    rank = f"{hit.rank:>2}. "
    indent = " " * max(_INDENT, len(rank))
    title = hit.title or "(no text)"
    marks = hit.title_highlights if hit.title else ()
    width = screen.columns - len(indent) if screen.columns else 0
    above = [screen.link(hit.path, part) for part in _wrapped(title, marks, width, screen, base="title")]
    out = [(indent if number else rank) + part for number, part in enumerate(above)]
    path = short_path(hit.path)
    where = visible(path) + (f", {visible(hit.place)}" if hit.place else "")
    facts = [
        hit.date.isoformat() if hit.date else "undated",
        visible(hit.source),
        screen.link(hit.path, where),
    ]
    if hit.id != path:
        facts.append("id " + visible(hit.id))
    if hit.score:
        facts.append(screen.dim(f"score {hit.score:.2f}"))
    out.append(indent + " · ".join(fact for fact in facts if fact))
    if copied:
        out.append(indent + screen.dim(f"an exact copy of {copied.rank}."))
    elif hit.snippet:
        out += [indent + part for part in _wrapped(hit.snippet, hit.highlights, width, screen)]
    if hit.explanation:
        from searchkit.cli.explained import explanation_lines  # only when somebody asks why

        out += [indent + screen.dim(line) for line in explanation_lines(hit.explanation)]
    return "\n".join(out)


def _wrapped(
    text: str, marks: Iterable[tuple[int, int]], width: int, screen: Screen, *, base: str = ""
) -> Iterator[str]:
    """The lines of ``text`` on a screen, each with its part of ``marks`` lit."""
    for start, end in lines(text, width):
        inside = [(max(a, start) - start, min(b, end) - start) for a, b in marks if a < end and b > start]
        yield screen.lit(text[start:end], inside, base=base)


def _records(results: Results) -> list[dict[str, object]]:
    same = copies(results)
    return [_record(hit, same.get(hit.rank)) for hit in results]


def _record(hit: Hit, copied: Hit | None) -> dict[str, object]:
    article = hit.article
    record: dict[str, object] = {
        "rank": hit.rank,
        "id": hit.id,
        "title": hit.title,
        "date": hit.date.isoformat() if hit.date else None,
        "source": hit.source,
        "score": hit.score,
        "snippet": hit.snippet,
        "highlights": [list(span) for span in hit.highlights],
        "path": hit.path,
        "place": hit.place,
        "authors": list(article.authors),
        "section": article.section,
        "url": article.url,
        "language": article.language,
        "notes": dict(article.notes),
        "copy_of": copied.id if copied else None,
    }
    if hit.explanation:
        from searchkit.cli.explained import explanation_record  # only when somebody asks why

        record["explanation"] = explanation_record(hit.explanation)
    return record


def _cell(text: str) -> str:
    text = visible(text)
    # A spreadsheet takes a cell that begins like this for a formula and runs it.
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text


def _trec_id(article_id: str) -> str:
    return "".join(quote(c) if c.isspace() or not c.isprintable() else c for c in visible(article_id))


def _trec_score(results: Results, hit: Hit) -> float:
    """The score; in an order by date, one that keeps the order, since evaluation sorts by score."""
    return hit.score if hit.score else float(results.total - hit.rank + 1)


def _articles(count: int) -> str:
    return "article" if count == 1 else "articles"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _named(term: Term) -> str:
    """A term as it was typed; of a pattern every sign counts."""
    return _quoted(term.text) if isinstance(term.leaf, Word | Phrase) else f"“{visible(term.text[:60])}”"


def _quoted(word: str) -> str:
    # A comma behind a word belongs to the sentence that was typed, not to the word.
    word = word.strip(",;:.!?()") or word
    return f"“{visible(word if len(word) <= 60 else word[:60] + '…')}”"
