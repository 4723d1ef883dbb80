"""What may a chunk be meant as that is a word here? Operators in small letters or of other systems, and days.

A chunk is taken as a word all the same, since it may be one; that it was is said.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

_SMALL = {"and": "AND", "or": "OR", "not": "NOT"}
_NEAR = re.compile(
    r"near\d*|(?:adj|w|pre)\d+|around(?:\(\d+\)?)?|/\d+|/[sp]|\+\d+|w/\S*|(?:near|pre)/(?:\d\S*|\w?\W*)|\|", re.I
)
_TIMES = re.compile(r"(?:atleast|atl)\d*|(?:atleast|first)/(?:\d\S*|\w?\W*)|/f\d+/", re.IGNORECASE)
_ENDING = re.compile(r"\w+[!$]\d*|!\w+")
_FIELD = re.compile(r"(?:hd|hlp|by|sn|rst|la)=\w*", re.IGNORECASE)
_NAME = re.compile(r"(?:headline|hlead|byline|publication|allintitle|allintext):?", re.IGNORECASE)
_DAYS = re.compile(
    r"(?:(?:last|past|this) (?:[0-9]{1,4} )?(?:day|week|month|quarter|year)s?"
    r"|(?:january|february|march|april|may|june|july|august|september|october|november|december)"
    r"(?: [0-9]{1,2},?)? [0-9]{4})(?![^\s)])",
    re.IGNORECASE,
)
# The names that other systems have for fields that there are.
_OTHER_NAMES = {
    "author": "byline by writer journalist", "title": "headline intitle allintitle head hd subject",
    "body": "text intext content", "source": "publication paper from sn publisher", "url": "site inurl link",
    "section": "category desk topic", "language": "lang la", "date": "day year published",
}  # fmt: skip
_NAMES = {other: name for name, others in _OTHER_NAMES.items() for other in others.split()}
_DIALECT = "queries of other systems are read with --dialect"


def habit(chunk: str, text: str) -> str:
    """What should be said of a chunk that is taken as a word, where ``text`` begins with it; '' for nothing."""
    if operator := _SMALL.get(chunk):
        return f"“{chunk}” is looked for as a word; the operator is {operator}"
    if _NEAR.fullmatch(chunk):
        return f"“{chunk}” is no operator here: write a NEAR/5 b, a PRE/5 b or a w/s b; {_DIALECT}"
    if _TIMES.fullmatch(chunk):
        return f"“{chunk}” is no operator here: write ATLEAST/3 word or FIRST/50 word; {_DIALECT}"
    if _ENDING.fullmatch(chunk):
        return f"“{chunk}” is looked for as a word: * stands for any ending; {_DIALECT}"
    if _FIELD.match(chunk) or _NAME.fullmatch(chunk):
        return f"“{chunk}” is looked for as a word: a field is written title:word; {_DIALECT}"
    if days := _DAYS.match(text):
        return f'“{days[0]}” is looked for as words; for articles of these days write date:"{days[0]}"'
    return ""


def field_meant(name: str, known: list[str]) -> str:
    """The field that an unknown name may be meant as, or ''."""
    name = name.lower()
    close = _NAMES.get(name) or next(iter(get_close_matches(name, known, 1, 0.7)), "")
    return close if close in known else ""
