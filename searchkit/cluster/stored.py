"""How does a whole article stand in a document? As JSON that gives back the very article."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from searchkit.article import Article, Origin


def as_stored(article: Article) -> dict[str, object]:
    """The article as JSON has it; what is not known is left out."""
    origin = article.origin
    stored: dict[str, object] = {"id": article.id, "title": article.title, "body": article.body}
    if article.date:
        stored["date"] = article.date.isoformat()
    for name in ("source", "section", "url", "language"):
        if value := getattr(article, name):
            stored[name] = value
    if article.authors:
        stored["authors"] = list(article.authors)
    if article.notes:
        stored["notes"] = [list(note) for note in article.notes]
    if origin.path or origin.place:
        # A path may hold bytes that are not UTF-8.
        path = origin.path.encode("utf-8", "surrogateescape")
        stored["origin"] = {"path": path.decode("latin-1"), "place": origin.place}
    return stored


def from_stored(stored: Mapping[str, Any]) -> Article:
    """The article again; raises ValueError, KeyError or TypeError where something else stands there."""
    origin = stored.get("origin", {"path": "", "place": ""})
    return Article(
        id=_text(stored["id"]),
        title=_text(stored["title"]),
        body=_text(stored["body"]),
        date=datetime.date.fromisoformat(stored["date"]) if "date" in stored else None,
        source=_text(stored.get("source", "")),
        authors=tuple(map(_text, stored.get("authors", ()))),
        section=_text(stored.get("section", "")),
        url=_text(stored.get("url", "")),
        language=_text(stored.get("language", "")),
        origin=Origin(
            _text(origin["path"]).encode("latin-1").decode("utf-8", "surrogateescape"), _text(origin["place"])
        ),
        notes=tuple((_text(name), _text(said)) for name, said in stored.get("notes", ())),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"no text: {value!r}")
    return value
