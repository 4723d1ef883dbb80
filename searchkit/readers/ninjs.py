"""What does a record of ninjs say? News in JSON, as the IPTC has described it in its versions 1, 2 and 3.

Version 1 has a key a form of text (``body_html``, ``headline``); versions 2 and 3 have lists of texts, each with
its role and its type (``bodies``, ``headlines``), and version 3 writes its keys in camel case. A record is known by
its keys. Pictures, films and packages without a text are named in a Problem, and are not indexed as news.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from searchkit.article import Article, Origin, Problem
from searchkit.readers.agency import Stated, dated, doubted, joined, named, noted, status_notes
from searchkit.readers.markup import plain
from searchkit.readers.prose import one_line, tidy

_MARKS = re.compile(r"[^a-z0-9]+")


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Keys that ninjs has and hardly anybody else: a record with an id and three of them is one, and two will do beside
# a list or a form of text.
_TELLING = frozenset(("bodies", "headlines", "bodyhtml", "bodyxhtml", "bodytext", "pubstatus", "versioncreated"))
_TYPICAL = _words(
    "representationtype firstcreated contentcreated embargoed urgency usageterms copyrightholder copyrightnotice "
    "ednote descriptiontext descriptionhtml descriptions associations renditions located slugline profile standard "
    "altids genres infosources contentwarnings trustindicators headline byline"
)
_ENOUGH = 3
# A text under another name is somebody else's record.
_OTHER_TEXTS = _words("text fulltext content articletext articlebody maintext article story html")

_NO_TEXT = {
    "picture": "a picture",
    "graphic": "a graphic",
    "audio": "a recording",
    "video": "a video",
    "planning": "a plan of coverage",
    "event": "an event",
    "component": "a component of a page",
    "composite": "a package",
    "package": "a package",
}
# Packages may bring a text of their own; the words beside a picture are its caption.
_MAY_HAVE_TEXT = frozenset(("composite", "package"))
_SIDE_ROLES = frozenset(("caption", "creditline", "alt"))
_FORMS = ("html", "nitf", "xml", "plain", "text", "")

_NITF_NAMES = re.compile(r"<(/?)(?:hl[12]|bq|block)\b")


def is_ninjs(keys: tuple[str, ...]) -> bool:
    """Whether a record with these keys is one of ninjs."""
    known = {_MARKS.sub("", key.lower()) for key in keys}
    if not known & {"uri", "guid"} or known & _OTHER_TEXTS:
        return False
    telling = len(known & _TELLING)
    return telling + len(known & _TYPICAL) >= _ENOUGH - (telling > 0)


def ninjs_entry(
    record: Mapping[str, object], origin: Origin, name: str, dates: str = ""
) -> Iterator[Article | Problem]:
    """The article that a record of ninjs describes, or a Problem that says why it is none."""
    fields = {_MARKS.sub("", key.lower()): value for key, value in record.items()}
    title = one_line(_best(fields, "headline") or _word(fields.get("title")) or _word(fields.get("name")))
    body = tidy(_best(fields, "body"))
    kind = one_line(_word(fields.get("type"))).lower()
    if kind in _NO_TEXT and not (body and kind in _MAY_HAVE_TEXT):
        shown = f": {title[:100]}" if title else ""
        yield Problem(origin, f"is {_NO_TEXT[kind]}, which is not indexed as news{shown}", kind="format")
        return
    body = body or tidy(_best(fields, "description"))
    if not title and not body:
        yield Problem(origin, "holds no text", kind="empty")
        return
    language = one_line(_word(fields.get("language")))
    day, doubtful, notes = dated(
        (
            Stated(_word(fields.get("versioncreated"))),
            Stated(_word(fields.get("firstcreated")), "ninjs firstcreated"),
            Stated(_word(fields.get("contentcreated")), "ninjs contentcreated"),
        ),
        dates,
        language,
    )
    yield from doubted(origin, doubtful)
    uri = one_line(_word(fields.get("uri")) or _word(fields.get("guid")))
    yield Article(
        id=uri or name,
        title=title,
        body=body,
        date=day,
        source=_source(fields),
        authors=_authors(fields),
        section=joined(_names(fields.get("subjects") or fields.get("subject"))),
        url=uri if uri.startswith(("http://", "https://")) else "",
        language=language,
        origin=origin,
        notes=(
            *notes,
            *noted(
                ("slugline", _word(fields.get("slugline"))),
                ("priority", _word(fields.get("urgency")) or _word(fields.get("priority"))),
                ("located", _word(fields.get("located"))),
                ("genre", joined(_names(fields.get("genres") or fields.get("genre")))),
                ("version", _word(fields.get("version"))),
            ),
            *status_notes(_word(fields.get("pubstatus")), _word(fields.get("embargoed"))),
        ),
    )


def _word(value: object) -> str:
    """A value as text, if it is one of the simple kinds."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return str(value)


def _best(fields: Mapping[str, object], field: str) -> str:
    """The text of a field in the form that keeps most of it: with markup first, and what is beside it last."""
    texts = [(rank, text) for rank, text in _texts(fields, field) if text and not text.isspace()]
    return min(texts, key=lambda text: text[0])[1] if texts else ""


def _texts(fields: Mapping[str, object], field: str) -> Iterator[tuple[tuple[bool, int, bool], str]]:
    plural = "bodies" if field == "body" else f"{field}s"
    listed = fields.get(plural)
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict):
            made = {_MARKS.sub("", key.lower()): _word(value) for key, value in item.items()}
            role = made.get("role", "").lower()
            form = f"{made.get('contenttype', '').lower()} {role}".strip()
            yield (role in _SIDE_ROLES, _rank(form), role != "main"), _read(made.get("value", ""), form)
    for key, value in fields.items():
        if key != plural and key.startswith(field) and isinstance(value, str):
            form = key.removeprefix(field)
            # A vendor's own form ("body_rundown") may be anything.
            beside = _rank(form) == len(_FORMS)
            yield (beside, _rank(form), False), _read(value, form)


def _rank(form: str) -> int:
    return next((rank for rank, known in enumerate(_FORMS) if known in form and (known or not form)), len(_FORMS))


def _read(value: str, form: str) -> str:
    if "nitf" not in form and "<nitf" not in value[:400]:
        return plain(value, certain="html" in form)
    start, end = value.find("<body.content"), value.rfind("</body.content>")
    return plain(_NITF_NAMES.sub(r"<\1div", value[start:end] if 0 <= start < end else value), certain=True)


def _names(value: object) -> Iterator[str]:
    """The names of a list of concepts, which may also be mere texts."""
    for item in value if isinstance(value, list) else (value,):
        text = _word(item.get("name") or item.get("title")) if isinstance(item, dict) else _word(item)
        if text:
            yield text


def _source(fields: Mapping[str, object]) -> str:
    for key in ("source", "provider", "infosources", "infosource", "copyrightholder"):
        name = joined(_names(fields.get(key)))
        if name:
            return name
    return ""


def _authors(fields: Mapping[str, object]) -> tuple[str, ...]:
    for key in ("by", "byline", "bylines", "authors"):
        found = named(_names(fields.get(key)))
        if found:
            return found
    return ()
