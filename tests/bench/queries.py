"""The queries: three files, each as any word, all words and a phrase; a seeded choice in a seeded order."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.bench.places import corpora_folder

Kind = Literal["any", "all", "phrase", "slop", "near", "sentence", "prefix", "infix", "fuzzy", "two edits", "regex"]
KINDS: tuple[Kind, ...] = ("any", "all", "phrase")
# Of two words, and of one.
OF_PAIRS: tuple[Kind, ...] = ("slop", "near", "sentence")
PATTERNS: tuple[Kind, ...] = ("prefix", "infix", "fuzzy", "two edits", "regex")
SLOP = 4
SETS = ("news-words", "news-topics", "wikipedia-mixed")
SEED = 7
A_SET = 100

# A word as every engine here cuts it: letters and digits. The possessive goes, because some engines make a
# word of its s and some do not.
WORD = re.compile(r"[^\W_]+")
POSSESSIVE = re.compile(r"['’]s\b", re.IGNORECASE)
EXCLUDED = re.compile(r'(?:^|\s)-(?:"[^"]*"|\S+)')

# Runs of words that nearly every article in English has: the hardest phrases, for their postings are long.
COMMON_PHRASES = (
    "of the",
    "in the",
    "to the",
    "for the",
    "and the",
    "on the",
    "that the",
    "one of the",
    "of the united states",
    "as well as",
    "to be the",
    "in the state of the",
    "at the end of the",
    "for the first time",
    "the people of the",
    "this is not the",
)


@dataclass(frozen=True, slots=True)
class Query:
    """Plain words, lower case, in the order in which they were written, and which file they are from."""

    words: tuple[str, ...]
    origin: str

    def __str__(self) -> str:
        return " ".join(self.words)


def plain_words(text: str) -> tuple[str, ...]:
    """The words of a query without its operators; words that it excludes are left out."""
    kept = EXCLUDED.sub(" ", text)
    return tuple(WORD.findall(POSSESSIVE.sub("", kept).lower()))


def load(name: str, count: int = A_SET, seed: int = SEED) -> list[Query]:
    """A seeded choice of ``count`` different queries of one file.

    The order is the chosen order, so a beginning of the list is itself a fair choice: a slow engine that
    answers only the first part is compared on that part.
    """
    file = corpora_folder() / "queries" / (name + (".tsv" if name == "news-topics" else ".txt"))
    # wikipedia-mixed writes many of its queries three ways; as plain words they are one.
    different = sorted({plain_words(text) for text in _texts(file)} - {()})
    random.Random(f"{seed} {name}").shuffle(different)
    return [Query(words, name) for words in different[:count]]


def _texts(file: Path) -> Iterator[str]:
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield line.split("\t")[1] if file.suffix == ".tsv" else line


def common_phrases() -> list[Query]:
    """The phrases of common words."""
    return [Query(tuple(text.split()), "common-words") for text in COMMON_PHRASES]


def for_kind(queries: list[Query], kind: Kind) -> list[Query]:
    """The queries that make sense as this kind: one word is no phrase, and all of one word is any of it."""
    return queries if kind == "any" else [query for query in queries if len(query.words) > 1]


def pairs(queries: list[Query]) -> list[tuple[str, str]]:
    """The first two words of each query that has as many."""
    return [(query.words[0], query.words[1]) for query in queries if len(query.words) > 1]


def patterns(queries: list[Query], kind: Kind) -> list[tuple[str]]:
    """A pattern made of the longest word of each query, where it has six letters or more."""
    made = []
    for query in queries:
        word = max(query.words, key=len)
        if len(word) < 6 or not (word.isascii() and word.isalpha()):
            continue
        if kind == "prefix":
            word = word[:5]
        elif kind == "infix":
            word = word[1:5]
        elif kind == "regex":
            word = f"{word[:3]}[a-z]*{word[4]}.*"
        made.append((word,))
    return made
