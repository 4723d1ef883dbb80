"""News pages made up for measuring: seeded, of several templates, 50 to 200 KB with their scripts, styles and lists.

Each page comes with the text of its article, so that what an extractor finds can be compared with what is there.
The sentences are made of small words and names, as news is; they mean nothing.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple


class Page(NamedTuple):
    """A page as it is saved, and the paragraphs of its article."""

    template: str
    html: str
    title: str
    paragraphs: tuple[str, ...]


_WHO = [
    "the minister",
    "the council",
    "a spokesman for the company",
    "the union",
    "residents of the valley",
    "the court",
    "a panel of experts",
    "the mayor",
    "police in the city",
    "the head of the school",
    "two researchers",
    "the owners of the ferry",
    "farmers in the north",
]
_DID = [
    "said on Monday that",
    "announced that",
    "told reporters that",
    "denied that",
    "has confirmed that",
    "wrote in a letter that",
    "warned last week that",
    "does not believe that",
    "had hoped that",
    "is expected to say that",
]
_WHAT = [
    "the new bridge would be closed for most of the summer",
    "prices for grain have risen by more than a fifth",
    "there was no money left for the repair of the harbour",
    "the plan to build four hundred homes is still alive",
    "the inquiry should be over before the end of the year",
    "nobody had been hurt in the fire at the mill",
    "it will take at least two years to replace the old trains",
    "the hospital cannot do without its night shift",
    "the vote was as close as any in the history of the town",
    "the river is now lower than at any time since the war",
]
_AND = [
    "because the work could not wait any longer",
    "although the costs are higher than they were at first",
    "and that a decision is to be made in the coming weeks",
    "but gave no details of what would happen next",
    "as they had been asked to do by the government",
    "while others are not so sure about it",
    "after a long night of talks at which all of them were heard",
    "which is more than had been thought",
]
_WORDS = [
    "bridge",
    "harbour",
    "grain",
    "vote",
    "river",
    "court",
    "school",
    "train",
    "strike",
    "budget",
    "winter",
    "festival",
    "election",
    "storm",
    "clinic",
]
_SITES = ("The Vale Post", "Harbour Courier", "Northern Ledger", "City Dispatch")

_WORD = re.compile(r"\w+")


def pages(count: int, seed: int) -> list[Page]:
    """``count`` pages, the templates in turn."""
    random_ = random.Random(seed)
    return [_TEMPLATES[number % len(_TEMPLATES)](random_, number) for number in range(count)]


def word_f1(found: str, known: str) -> float:
    """The harmonic mean of precision and recall over words with their counts (as in SQuAD, Rajpurkar et al. 2016)."""
    ours, theirs = Counter(_WORD.findall(found.lower())), Counter(_WORD.findall(known.lower()))
    same = (ours & theirs).total()
    return 2 * same / (ours.total() + theirs.total()) if same else float(ours == theirs)


def _sentence(r: random.Random) -> str:
    text = f"{r.choice(_WHO)} {r.choice(_DID)} {r.choice(_WHAT)}, {r.choice(_AND)}."
    return text[0].upper() + text[1:]


def _paragraphs(r: random.Random, least: int, most: int) -> tuple[str, ...]:
    return tuple(" ".join(_sentence(r) for _ in range(r.randint(1, 4))) for _ in range(r.randint(least, most)))


def _title(r: random.Random) -> str:
    return (
        f"{r.choice(_WORDS).title()} {r.choice(_WORDS)} after {r.choice(_WORDS)} talks fail in {r.choice(_WORDS)} row"
    )


def _head(r: random.Random, title: str, site: str, number: int, kilobytes: int) -> str:
    day = f"2021-{r.randint(1, 12):02}-{r.randint(1, 28):02}"
    data = {
        "@context": "https://schema.org", "@type": "NewsArticle", "headline": title,
        "datePublished": f"{day}T08:00:00Z",
        "author": {"@type": "Person", "name": "Ada Quill"}, "publisher": {"@type": "Organization", "name": site},
    }  # fmt: skip
    style = "".join(
        f".c{r.randrange(9999)}-m{{margin:{n}px;padding:0 {n}px;color:#{n:06x}}}" for n in range(kilobytes * 20)
    )
    code = ";".join(f"window.q{n}=function(a,b){{return a<b?a+{n}:b}}" for n in range(kilobytes * 24))
    return (
        f'<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8"><title>{title} | {site}</title>'
        f'<meta property="og:title" content="{title}"><meta property="og:site_name" content="{site}">'
        f'<meta property="article:published_time" content="{day}T08:00:00Z"><meta name="viewport" content="width=1">'
        f'<link rel="canonical" href="https://news.example/{day.replace("-", "/")}/story-{number}">'
        + "".join(f'<link rel="preload" href="/static/{n}.js" as="script">' for n in range(20))
        + f'<script type="application/ld+json">{json.dumps(data)}</script><style>{style}</style>'
        + f"<script>{code}</script></head>"
    )


def _nav(r: random.Random, count: int) -> str:
    links = "".join(
        f'<li class="nav__item nav__item--{n}"><a class="nav__link" href="/{r.choice(_WORDS)}/{n}">'
        f"{r.choice(_WORDS).title()}</a></li>"
        for n in range(count)
    )
    return f'<header class="site-header"><nav class="nav" aria-label="Main"><ul>{links}</ul></nav></header>'


def _related(r: random.Random, count: int) -> str:
    cards = "".join(
        f'<li class="card"><a class="card__link" href="/s/{n}"><svg width="9" height="9"><path d="M{n} 0L9 9"/></svg>'
        f'<img src="/i/{n}.jpg" alt=""><h3 class="card__title">{_title(r)}</h3></a>'
        f'<span class="card__meta">{n} h ago</span></li>'
        for n in range(count)
    )
    return f'<aside class="related"><h2>Related stories</h2><ul>{cards}</ul></aside>'


def _comments(r: random.Random, count: int) -> str:
    rows = "".join(
        f'<li class="comment"><div class="comment-author">reader{n}</div><p>{_sentence(r)}</p>'
        '<a href="#">Reply</a></li>'
        for n in range(count)
    )
    return f'<section id="comments" class="comments"><h2>Comments</h2><ol class="comment-list">{rows}</ol></section>'


_FOOTER = (
    '<footer class="footer"><div><a href="/about">About us</a> <a href="/terms">Terms of use</a> '
    "<a href=/privacy>Privacy</a></div><p>All rights reserved.</p></footer>"
)
_COOKIES = (
    '<div class="cookie-banner" role="dialog"><p>We and our partners use cookies to give you the best experience. '
    "By going on you accept this.</p><button>Accept all</button><button>Settings</button></div>"
)


def _newspaper(r: random.Random, number: int) -> Page:
    title, body, site = _title(r), _paragraphs(r, 8, 25), r.choice(_SITES)
    text = "".join(f'<p class="article-body__p">{paragraph}</p>' for paragraph in body)
    html = (
        _head(r, title, site, number, r.randint(15, 60)) + f"<body>{_COOKIES}{_nav(r, 60)}<main><article>"
        f'<h1>{title}</h1><div class="byline">By <a rel="author" href="/a">Ada Quill</a></div>'
        f'<div class="article-body">{text}</div></article>{_related(r, 30)}</main>{_FOOTER}</body></html>'
    )
    return Page("newspaper", html, title, body)


def _wordpress(r: random.Random, number: int) -> Page:
    title, body, site = _title(r), _paragraphs(r, 5, 15), r.choice(_SITES)
    text = "\n".join(f"<p>{paragraph}</p>" for paragraph in body)
    html = (
        _head(r, title, site, number, r.randint(20, 50)) + f'<body class="single single-post">{_nav(r, 30)}'
        f'<div id="primary"><article id="post-{number}" class="post hentry"><header class="entry-header">'
        f'<h1 class="entry-title">{title}</h1></header><div class="entry-content">{text}</div></article>'
        f'{_comments(r, r.randint(5, 60))}</div><div id="secondary" class="widget-area">{_related(r, 15)}</div>'
        f"{_FOOTER}</body></html>"
    )
    return Page("wordpress", html, title, body)


def _divs(r: random.Random, number: int) -> Page:
    """A page of an application: nothing but <div>s with names that say little."""
    title, body, site = _title(r), _paragraphs(r, 10, 30), r.choice(_SITES)
    text = "".join(
        f'<div class="x1a{r.randrange(999)}"><div class="x2b"><p class="x3c">{paragraph}</p></div></div>'
        for paragraph in body
    )
    state = json.dumps({"props": [{"id": n, "t": _title(r), "u": f"/x/{n}"} for n in range(r.randint(100, 400))]})
    html = (
        _head(r, title, site, number, r.randint(10, 30)) + f'<body><div id="__next"><div class="x0">{_nav(r, 40)}'
        f'<div class="x9"><h1 class="x8">{title}</h1>{text}</div>{_related(r, 40)}</div></div>'
        f'<script id="__NEXT_DATA__" type="application/json">{state}</script>{_FOOTER}</body></html>'
    )
    return Page("application", html, title, body)


def _live(r: random.Random, number: int) -> Page:
    title, body, site = _title(r), _paragraphs(r, 20, 40), r.choice(_SITES)
    text = "".join(
        f'<div class="live-entry" id="e{n}"><p class="stamp">10.{n % 60:02}</p><p>{paragraph}</p></div>'
        for n, paragraph in enumerate(body)
    )
    html = (
        _head(r, title, site, number, r.randint(15, 40))
        + f"<body>{_nav(r, 60)}<main><article class='live-blog'><h1>{title}</h1>"
        f"{text}</article></main>{_related(r, 20)}{_FOOTER}</body></html>"
    )
    return Page("live", html, title, body)


def _brief(r: random.Random, number: int) -> Page:
    """Two paragraphs among many links, as in agency briefs and in teasers before a paywall."""
    title, body, site = _title(r), _paragraphs(r, 2, 3), r.choice(_SITES)
    text = "".join(f"<p>{paragraph}</p>" for paragraph in body)
    html = (
        _head(r, title, site, number, r.randint(20, 40)) + f"<body>{_COOKIES}{_nav(r, 80)}<article><h1>{title}</h1>"
        f'<div class="story">{text}</div></article>{_related(r, 60)}{_FOOTER}</body></html>'
    )
    return Page("brief", html, title, body)


_TEMPLATES: tuple[Callable[[random.Random, int], Page], ...] = (_newspaper, _wordpress, _divs, _live, _brief)
