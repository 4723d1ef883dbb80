"""What does a page say of its article in JSON-LD? The node of the article, wherever the page has hidden it.

A page may hold several scripts, each a node, a list or a @graph, with nodes that point at each other by @id. The
types are those of schema.org: https://schema.org/Article and what is below it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from searchkit.readers.markup import plain
from searchkit.readers.prose import one_line

Node = dict[str, object]

_ARTICLE = re.compile(
    r"(?:.*[/:#])?(?:\w*Article|\w*BlogPosting|BlogPost|Report|SocialMediaPosting|Review|CreativeWork)"
)
_PAGE = re.compile(r"(?:.*[/:#])?(?:WebPage|ItemPage)")
_WRAPPED = re.compile(
    r"^\s*(?:<!--|/[/*]\s*<!\[CDATA\[(?:\s*\*/)?|<!\[CDATA\[)|(?:-->|(?:/[/*]\s*)?\]\]>(?:\s*\*/)?)\s*;?\s*$"
)
_LARGEST = 2_000_000
_DEEPEST = 6
_MOST_NODES = 2_000


class LinkedData:
    """All nodes of a page's scripts, and the one that is its article ({} where there is none)."""

    def __init__(self, scripts: Sequence[str], urls: frozenset[str], title: str) -> None:
        self._nodes: list[Node] = []
        for script in scripts:
            self._gather(_parsed(script), 0)
        self._by_id = {key: node for node in self._nodes if isinstance(key := node.get("@id"), str) and len(node) > 1}
        articles = [node for node in self._nodes if _is(node, _ARTICLE)]
        self.article = _chosen(articles, urls, title) or next((node for node in self._nodes if _is(node, _PAGE)), {})

    def _gather(self, value: object, depth: int) -> None:
        if depth > _DEEPEST or len(self._nodes) > _MOST_NODES:
            return
        if isinstance(value, list):
            for item in value:
                self._gather(item, depth + 1)
        elif isinstance(value, dict):
            self._nodes.append(value)
            for key in ("@graph", "mainEntity", "mainEntityOfPage"):
                self._gather(value.get(key), depth + 1)

    def said(self, key: str, joint: str = "") -> str:
        """What the article says under ``key``, on one line: of several values the first, or all with a joint."""
        values = list(self.strings(self.article.get(key)))
        return joint.join(values) if joint else next(iter(values), "")

    def names(self, key: str) -> tuple[str, ...]:
        """The names of the persons or organisations under ``key``, each once."""
        return tuple(dict.fromkeys(self.strings(self.article.get(key))))

    def strings(self, value: object, depth: int = 0) -> Iterator[str]:
        """The texts of a value: of a node its name, of a list those of its items."""
        if isinstance(value, str):
            text = one_line(plain(value))
            if text:
                yield text
        elif depth > _DEEPEST:
            return
        elif isinstance(value, list):
            for item in value[:100]:
                yield from self.strings(item, depth + 1)
        elif isinstance(value, dict):
            if "name" not in value and "@value" not in value and isinstance(key := value.get("@id"), str):
                value = self._by_id.get(key, value)
            inner = value.get("@value") or value.get("name") or value.get("alternateName")
            yield from self.strings(inner, depth + 1)


def _parsed(script: str) -> object:
    if len(script) > _LARGEST:
        return None
    try:
        # Pages are careless about line feeds within strings.
        return json.loads(_WRAPPED.sub("", script), strict=False)
    except (ValueError, RecursionError):
        return None


def _is(node: Node, form: re.Pattern[str]) -> bool:
    kinds = node.get("@type")
    return any(
        isinstance(kind, str) and form.fullmatch(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])
    )


def _chosen(articles: list[Node], urls: frozenset[str], title: str) -> Node:
    """The page's own article: pages describe those that they link to as well."""
    for node in articles:
        page = node.get("mainEntityOfPage")
        inner = page.get("@id") or page.get("url") if isinstance(page, dict) else page
        if any(isinstance(url, str) and url.rstrip("/") in urls for url in (inner, node.get("url"), node.get("@id"))):
            return node
    for node in articles:
        headline = node.get("headline")
        if isinstance(headline, str) and title and one_line(plain(headline)) == title:
            return node
    dated = [node for node in articles if node.get("datePublished")]
    return next(iter(dated or articles), {})
