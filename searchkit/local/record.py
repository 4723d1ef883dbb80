"""How is an article kept? As one JSON array, in the order of its fields."""

from __future__ import annotations

import datetime
import json

from searchkit.article import Article, Origin


def article_to_json(article: Article) -> str:
    """The article as JSON text; :func:`article_from_json` gives it back unchanged."""
    return json.dumps(
        [
            article.id,
            article.title,
            article.body,
            article.date.isoformat() if article.date else None,
            article.source,
            article.authors,
            article.section,
            article.url,
            article.language,
            article.origin.path,
            article.origin.place,
        ],
        separators=(",", ":"),
    )


def article_from_json(text: str) -> Article:
    """The article that :func:`article_to_json` was given."""
    key, title, body, date, source, authors, section, url, language, path, place = json.loads(text)
    return Article(
        id=key,
        title=title,
        body=body,
        date=datetime.date.fromisoformat(date) if date else None,
        source=source,
        authors=tuple(authors),
        section=section,
        url=url,
        language=language,
        origin=Origin(path, place),
    )
