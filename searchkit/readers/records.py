"""What does a mapping say? One table of key names turns JSON objects, CSV rows and headers into articles."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from searchkit.article import Article, Origin, Problem
from searchkit.readers.dates import civil_day, no_day, numbered_day, settled_day
from searchkit.readers.format import Packer, Source
from searchkit.readers.markup import plain
from searchkit.readers.ninjs import is_ninjs, ninjs_entry
from searchkit.readers.prose import introduced, one_line, tidy
from searchkit.readers.settings import DEFAULTS, Settings

# The names of each field, the most telling first. Case, blanks, ``_``, ``-`` and other marks of a key
# do not count: ``published_at`` and ``publishedAt`` are one.
NAMES: dict[str, tuple[str, ...]] = {
    name: tuple(names.split())
    for name, names in {
        "id": "id articleid docid docno documentid newid uuid guid identifier",
        "title": "title headline head webtitle articletitle heading name subject",
        "body": "body text fulltext articletext articlebody bodytext maintext contenttext content "
        "contenthtml bodyhtml bodyxhtml article story html",
        "summary": "description summary abstract standfirst leadparagraph lead excerpt snippet trailtext",
        "date": "date published publishedat datepublished pubdate publishdate publicationdate datepublish "
        "publisheddate articledate webpublicationdate issued isodate seendate versioncreated firstcreated "
        "created createdat datecreated timestamp time datetime day",
        "source": "source sourcename publisher publication outlet newspaper site sitename provider agency "
        "from domain",
        "authors": "author authors byline by creator creators writer writers reporter",
        "section": "section sectionname category categories desk rubric newsdesk topic topics",
        "url": "url link weburl permalink uri href canonicalurl sourceurl",
        "language": "language lang languagecode inlanguage",
    }.items()
}

_FIELD_OF = {key: (field, rank) for field, keys in NAMES.items() for rank, key in enumerate(keys)}
_MARKS = re.compile(r"[^a-z0-9]+")

# Where a value is itself a mapping, its text stands under one of these.
_INNER = (
    "name", "displayName", "fullName", "text", "value", "title", "label", "rendered", "main", "content",
    "html", "original", "url", "href", "qcode", "#text", "_", "$oid", "$date", "id",
)  # fmt: skip
_DEEPEST = 4
_MOST_PLANS = 256

# Envelopes that search engines and news services put around a record.
ENVELOPES = ("_source", "fields")


class Plan(NamedTuple):
    """Which keys of a record speak for which field, the most telling first, and whether they are those of ninjs."""

    id: tuple[str, ...]
    title: tuple[str, ...]
    body: tuple[str, ...]
    summary: tuple[str, ...]
    date: tuple[str, ...]
    source: tuple[str, ...]
    authors: tuple[str, ...]
    section: tuple[str, ...]
    url: tuple[str, ...]
    language: tuple[str, ...]
    ninjs: bool


def field_of(key: str) -> str:
    """The field that a key speaks for ("title", "body" ...), or ''."""
    return _FIELD_OF.get(_MARKS.sub("", key.lower()), ("", 0))[0]


@lru_cache(maxsize=256)
def plan_for(keys: tuple[str, ...], mapped: tuple[tuple[str, str], ...] = ()) -> Plan:
    """The plan for all records that have these keys; most files have one or two such sets.

    ``mapped`` are (field, key) pairs that a person has set: such a key comes first for its field, and speaks for
    no other.
    """
    found: dict[str, list[tuple[int, int, str]]] = {field: [] for field in NAMES}
    taken = set()
    for order, (field, key) in enumerate(mapped):
        if key in keys:
            found[field].append((-1, order, key))
            taken.add(key)
    for order, key in enumerate(keys):
        field, rank = _FIELD_OF.get(_MARKS.sub("", key.lower()), ("", 0))
        if field and key not in taken:
            found[field].append((rank, order, key))
    told = {field: tuple(key for _, _, key in sorted(found[field])) for field in NAMES}
    return Plan(**told, ninjs=is_ninjs(keys))


def entry(
    record: object,
    origin: Origin,
    name: str,
    settings: Settings = DEFAULTS,
    *,
    marked: bool = True,
    met: set[str] | None = None,
) -> Iterator[Article | Problem]:
    """The article that ``record`` describes, or a Problem that says why it is none.

    ``name`` is its id if it has none of its own. A date that is none comes as a Problem with ``kept``
    before the article. ``marked`` says that texts may hold markup, which is then taken out. The mapped keys
    that the record has are added to ``met``: see ``unmet``.
    """
    if not isinstance(record, dict):
        yield Problem(origin, f"is {_kind(record)}, not an object")
        return
    if settings.keys:
        # A path may begin outside of the envelope ("_source.head") or within it.
        record = lifted(_unwrapped(lifted(record, settings.keys)), settings.keys)
        if met is not None:
            met.update(key for _, key in settings.keys if key in record)
    else:
        record = _unwrapped(record)
    plan = plan_for(tuple(record), settings.keys)
    if plan.ninjs and not settings.keys:
        yield from ninjs_entry(record, origin, name)
        return
    read = plain if marked else str
    title = one_line(read(_text(record, plan.title)))
    body = tidy(read(_text(record, plan.body, "\n\n")))
    if plan.summary:
        body = introduced(body, tidy(read(_text(record, plan.summary, "\n\n"))))
    if not title and not body:
        yield Problem(origin, _speechless(record, plan), kind="empty")
        return
    notes: tuple[tuple[str, str], ...] = ()
    language = one_line(_text(record, plan.language))
    date, doubtful = _date(record, plan.date)
    if doubtful:
        date, words = _settled(record, plan.date, settings.dates, language)
        if date:
            notes = (("date settled", words),)
        else:
            yield Problem(origin, no_day(doubtful), kept=True, kind="date")
    yield Article(
        id=_id(record, plan.id) or name,
        title=title,
        body=body,
        date=date,
        source=one_line(read(_text(record, plan.source))),
        authors=_authors(record, plan.authors),
        section=one_line(read(_text(record, plan.section, ", "))),
        url=one_line(_text(record, plan.url)),
        language=language,
        origin=origin,
        notes=notes,
    )


class Shortcut:
    """Lines of one document that are packed at once: most records need nothing done to their texts."""

    def __init__(self, packer: Packer, source: Source) -> None:
        self._packer = packer
        self._path = source.path.encode("utf-8", "surrogateescape")
        self._within = f"{source.inside}, " if source.inside else ""
        self._name = source.name
        # Plans by the keys of records: None where a record of these keys is more than its own texts.
        self._plans: dict[tuple[str, ...], tuple[object, ...] | None] = {}

    def take(self, record: object, number: int) -> bytes | None:
        """What ``entry`` would make of a record in this line, packed; None where ``entry`` has to be asked."""
        if type(record) is not dict:
            return None
        keys = tuple(record)
        try:
            plan = self._plans[keys]
        except KeyError:
            plan = self._learn(keys)
        if plan is None:
            return None
        place, name = f"{self._within}line {number}", f"{self._name}#{number}"
        return self._packer(record, plan, self._path, place, name, _ordinal, _authors)

    def _learn(self, keys: tuple[str, ...]) -> tuple[object, ...] | None:
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        plan = plan_for(keys)
        more = plan.ninjs or plan.summary or any(envelope in keys for envelope in ENVELOPES)
        self._plans[keys] = made = None if more else tuple(plan)
        return made


@lru_cache(maxsize=4096)
def _ordinal(text: str) -> int:
    """The day that a text names, counted from that of the year 1; 0 for none."""
    date = civil_day(one_line(text))
    return date.toordinal() if date else 0


def said(record: Mapping[str, object], field: str, keys: tuple[tuple[str, str], ...] = ()) -> str:
    """What a record says for a field of text ("title", "body" ...), as it is written; '' for nothing."""
    if keys:
        record = lifted(record, keys)
    return _text(record, getattr(plan_for(tuple(record), keys), field))


def lifted(record: Mapping[str, object], keys: Iterable[tuple[str, str]]) -> dict[str, object]:
    """``record`` with each mapped key as a key of its own, where it lies within ("news.headline.main")."""
    whole = dict(record)
    for _, key in keys:
        if key not in whole and "." in key:
            value = _reached(record, key.split("."))
            if value is not None:
                whole[key] = value
    return whole


def unmet(source: Source, met: set[str]) -> Iterator[Problem]:
    """One Problem that names the mapped keys which no record of a file had, if there are any."""
    lacking = list(dict.fromkeys(key for _, key in source.settings.keys if key not in met))
    if lacking:
        keys = ", ".join(f"'{one_line(key)}'" for key in lacking)
        yield Problem(source.origin(), f"no record has the mapped key{'s' if lacking[1:] else ''} {keys}", kept=True)


def _reached(value: object, path: list[str]) -> object:
    """What lies at the end of a path of keys; of a list, what lies there in each of its items; None for nothing."""
    for at, key in enumerate(path):
        if isinstance(value, list):
            within = [_reached(item, path[at:]) for item in value]
            return [item for item in within if item is not None] or None
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value


def _unwrapped(record: dict[str, object]) -> dict[str, object]:
    for envelope in ENVELOPES:
        inner = record.get(envelope)
        if isinstance(inner, dict):
            outer = {key: value for key, value in record.items() if key not in ENVELOPES and key not in inner}
            record = {**inner, **outer}
    return record


def _text(record: Mapping[str, object], keys: tuple[str, ...], joint: str = " ") -> str:
    """What the first of ``keys`` that says anything says."""
    for key in keys:
        value = record[key]
        text = value if isinstance(value, str) else joint.join(_strings(value))
        if text and not text.isspace():
            return text
    return ""


def _id(record: Mapping[str, object], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = record[key]
        text = str(value).lower() if isinstance(value, bool) else one_line(_text(record, (key,)))
        if text:
            return text
    return ""


def _strings(value: object, depth: int = 0) -> Iterator[str]:
    """The pieces of text in a value; what lies deeper than a few levels is not for reading."""
    if isinstance(value, str):
        if value.strip():
            yield value
    elif depth >= _DEEPEST or value is None or isinstance(value, bool):
        return
    elif isinstance(value, (int, float)):
        yield str(value)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, depth + 1)
    elif isinstance(value, dict):
        yield from _named(value, depth)


def _named(value: dict[str, object], depth: int) -> Iterator[str]:
    for key in _INNER:
        if value.get(key):
            yield from _strings(value[key], depth + 1)
            return
    parts = [value.get(key) for key in ("first", "firstName", "firstname", "last", "lastName", "lastname")]
    joined = " ".join(part for part in parts if isinstance(part, str))
    if joined.strip():
        yield joined


def _date(record: Mapping[str, object], keys: tuple[str, ...]) -> tuple[datetime.date | None, str]:
    """The first certain day that the record names, or what it says instead of one."""
    doubtful = ""
    for key in keys:
        value: object = record[key]
        if isinstance(value, (int, float)):
            date = numbered_day(value)
            said = str(value)
        else:
            said = one_line(value if isinstance(value, str) else next(_strings(value), ""))
            date = civil_day(said)
        if date:
            return date, ""
        doubtful = doubtful or said
    return None, doubtful


def _settled(
    record: Mapping[str, object], keys: tuple[str, ...], dates: str, language: str
) -> tuple[datetime.date | None, str]:
    """The first day that is certain once day or month is known to come first, and how that was known."""
    for key in keys:
        value = record[key]
        text = one_line(value if isinstance(value, str) else next(_strings(value), ""))
        date, words = settled_day(text, dates, language)
        if date:
            return date, words
    return None, ""


_BY = re.compile(r"by[:\s]\s*", re.IGNORECASE)
_BETWEEN = re.compile(r"[;|\n]")


def _authors(record: Mapping[str, object], keys: tuple[str, ...]) -> tuple[str, ...]:
    """The names, in order, each once. Only ; and | part names: a comma may stand within one."""
    for key in keys:
        value = record[key]
        if not value:
            continue
        found: dict[str, None] = {}
        for text in _strings(value):
            for part in _BETWEEN.split(plain(text)):
                author = _BY.sub("", one_line(part), count=1) if _BY.match(one_line(part)) else one_line(part)
                if author:
                    found[author] = None
        if found:
            return tuple(found)
    return ()


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return "a list"
    return "a text" if isinstance(value, str) else "a number"


def _speechless(record: Mapping[str, object], plan: Plan) -> str:
    if plan.title or plan.body or plan.summary:
        return "holds no text"
    keys = ", ".join(one_line(key)[:30] for key in list(record)[:8])
    more = ", …" if len(record) > 8 else ""
    if not record:
        return "is an empty object"
    return f"has no key for a title or a text (its keys: {keys}{more}; --map body=KEY names one)"
