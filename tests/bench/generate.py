"""Generates any number of articles with the word statistics of a real corpus, from a seed, as JSON lines.

An article follows three real ones: it is made of runs of two to six adjacent words, most of them from those
three, the rest from anywhere. So phrases occur, words keep the company they really keep, and a word that was
used once in an article is likely to be used again. Lengths follow the real lengths, scaled to a mean of about
250 words.

A corpus that only repeats real runs would stop meeting new words. Real ones never do: their vocabulary grows
as a power of their length (Heaps' law; here the exponent is fitted on the real corpus). So invented words are
mixed in, from a distribution with a long tail (Lomax) whose exponent is the inverse of Heaps', and as many of
them as bring the vocabulary of a million articles to the real curve, within a tenth. A shorter corpus lies
above it, because runs from everywhere meet the real words early.

Dates are in no order, the hardest case for an engine that wants to sort by date.
"""

from __future__ import annotations

import datetime
import json
import math
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SEED = 20_240_607
MEAN_WORDS = 250
LONGEST = 5_000
THEMES = 3
FROM_ANYWHERE = 0.15
SHORTEST_RUN, LONGEST_RUN = 2, 6
RUNS_A_PARAGRAPH = 15
BATCH = 2_000
FIRST_DAY = datetime.date(2000, 1, 1)
LAST_DAY = datetime.date(2020, 12, 31)
HEAD = 10_000.0  # how flat the head of the invented words is: none may become a common word
WORD = re.compile(r"[^\W_]+")

_ONSETS = [*"bcdfghjklmnprstvwz", "br", "ch", "dr", "fl", "gr", "kl", "pr", "qu", "st", "tr"]
_VOWELS = [*"aeiou", "ai", "ea", "ou"]
SYLLABLES = tuple(onset + vowel for onset in _ONSETS for vowel in _VOWELS)

_PLACES = ["Harbor", "Valley", "Lake", "River", "Hill", "Coast", "Prairie", "Summit", "Canyon", "Bay"]
_PAPERS = ["Times", "Herald", "Tribune", "Post", "Courier"]
SOURCES = tuple(f"{place} {paper}" for place in _PLACES for paper in _PAPERS)


@dataclass(frozen=True, slots=True)
class Source:
    """The real words: all texts in one run of bytes, where each word and each article starts.

    Word ``i`` is ``text[starts[i] : starts[i + 1] - 1]``; ``starts`` has one element more than words.
    ``articles`` likewise holds the first word of each article, and then the number of words.
    ``heaps`` is (factor, exponent): after n words, ``factor * n ** exponent`` different ones were met.
    """

    text: bytes
    starts: NDArray[np.int64]
    articles: NDArray[np.int64]
    heaps: tuple[float, float]


def write(real: Path, out: Path, articles: int, seed: int = SEED) -> None:
    """Write ``articles`` articles to ``out``; the first of them are the same whatever their number."""
    source = read_source(real)
    with out.open("w", encoding="utf-8", newline="\n") as file:
        for number, record in enumerate(generate(source, articles, seed)):
            title, text, date, name = record
            fields = {"id": f"made-{number:07d}", "title": title, "text": text, "date": date, "source": name}
            file.write(json.dumps(fields, ensure_ascii=False) + "\n")


def read_source(real: Path) -> Source:
    """Read the real corpus into one run of words."""
    texts: list[bytes] = []
    counts = [0]
    seen: set[str] = set()
    curve: list[tuple[int, int]] = []
    words = 0
    lines = real.read_bytes().splitlines()
    # Shuffled, because Heaps' law is for text in no order: the file is sorted by author, and each author has
    # words of his own.
    random.Random(SEED).shuffle(lines)
    for line in lines:
        text = json.loads(line)["text"]
        pieces = text.split()
        if len(pieces) <= LONGEST_RUN:
            continue
        texts.append(" ".join(pieces).encode())
        counts.append(len(pieces))
        found = WORD.findall(text.lower())
        words += len(found)
        seen.update(found)
        curve.append((words, len(seen)))
    joined = b" ".join(texts) + b" "
    gaps = np.flatnonzero(np.frombuffer(joined, dtype=np.uint8) == ord(" "))
    starts = np.concatenate([np.zeros(1, np.int64), gaps + 1])
    return Source(joined, starts, np.cumsum(np.array(counts, np.int64)), _heaps(curve))


def _heaps(curve: list[tuple[int, int]]) -> tuple[float, float]:
    # From the last quarter of the corpus to its end: the start of the curve is steeper than what follows.
    early, late = curve[len(curve) // 4], curve[-1]
    exponent = math.log(late[1] / early[1]) / math.log(late[0] / early[0])
    return late[1] / late[0] ** exponent, exponent


def generate(source: Source, articles: int, seed: int) -> Iterator[tuple[str, str, str, str]]:
    """Yield (title, text, date, source) for each article."""
    chance = np.random.default_rng(seed)
    lengths = np.diff(source.articles)
    scaled = np.minimum(lengths * (MEAN_WORDS / float(lengths.mean())), LONGEST)
    # One size of batch whatever the number, or a shorter corpus would not be the beginning of a longer one.
    for first in range(0, articles, BATCH):
        batch = list(_batch(source, scaled, chance))
        yield from batch[: articles - first]


def _batch(
    source: Source, scaled: NDArray[np.float64], chance: np.random.Generator
) -> Iterator[tuple[str, str, str, str]]:
    mean_run = (SHORTEST_RUN + LONGEST_RUN) / 2
    runs = np.maximum(1, chance.choice(scaled, BATCH) / mean_run).astype(np.int64) + 2
    owner = np.repeat(np.arange(BATCH), runs)
    starts, stops = _runs(source, owner, chance)
    invented = _invented(source, len(owner), chance)
    days = chance.integers(0, (LAST_DAY - FIRST_DAY).days + 1, BATCH).tolist()
    weights = 1.0 / np.arange(1, len(SOURCES) + 1)
    names = chance.choice(len(SOURCES), BATCH, p=weights / weights.sum()).tolist()
    text = source.text
    pieces = [text[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
    for place, rank in invented:
        pieces[place] += b" " + spell(rank).encode()
    at = 0
    for number, count in enumerate(runs.tolist()):
        title = b" ".join(pieces[at : at + 2])
        body = pieces[at + 2 : at + count]
        at += count
        paragraphs = [b" ".join(body[i : i + RUNS_A_PARAGRAPH]) for i in range(0, len(body), RUNS_A_PARAGRAPH)]
        date = FIRST_DAY + datetime.timedelta(days=days[number])
        yield title.decode(), b"\n\n".join(paragraphs).decode(), date.isoformat(), SOURCES[names[number]]


def _runs(
    source: Source, owner: NDArray[np.int64], chance: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each run of words starts and stops in the text."""
    total = len(owner)
    themes = chance.integers(0, len(source.articles) - 1, (BATCH, THEMES))
    theme = themes[owner, chance.integers(0, THEMES, total)]
    anywhere = chance.random(total) < FROM_ANYWHERE
    theme[anywhere] = chance.integers(0, len(source.articles) - 1, int(anywhere.sum()))
    size = chance.integers(SHORTEST_RUN, LONGEST_RUN + 1, total)
    room = source.articles[theme + 1] - source.articles[theme] - size
    word = source.articles[theme] + (chance.random(total) * (room + 1)).astype(np.int64)
    return source.starts[word], source.starts[word + size] - 1


def _invented(source: Source, runs: int, chance: np.random.Generator) -> list[tuple[int, int]]:
    """(run, rank) of each invented word of a batch."""
    share = invented_share(source)
    places = np.flatnonzero(chance.random(runs) < share)
    exponent = 1 / source.heaps[1]
    ranks = HEAD * ((1 - chance.random(len(places))) ** (-1 / (exponent - 1)) - 1)
    return list(zip(places.tolist(), np.minimum(ranks, 1e12).astype(np.int64).tolist(), strict=True))


def invented_share(source: Source, articles: int = 1_000_000) -> float:
    """The share of runs that get an invented word, so that a million articles lie on Heaps' curve.

    From m draws of a Lomax distribution with exponent a and scale q, the number of different ranks is about
    ``gamma(1 - 1/a) * q * (m * (a - 1) / q) ** (1/a) - q``. That is solved for m.
    """
    factor, heaps = source.heaps
    a = 1 / heaps
    words = articles * MEAN_WORDS
    wanted = factor * words**heaps - factor * float(len(source.starts)) ** heaps
    draws = ((wanted + HEAD) / (math.gamma(1 - 1 / a) * HEAD)) ** a * HEAD / (a - 1)
    runs = words / ((SHORTEST_RUN + LONGEST_RUN) / 2)
    return float(min(0.2, draws / runs))


def spell(rank: int) -> str:
    """The invented word of this rank: at least three syllables, a different word for every rank."""
    rank += len(SYLLABLES) ** 2  # none of one or two syllables: those are real words too often
    word = ""
    while rank:
        rank, syllable = divmod(rank, len(SYLLABLES))
        word = SYLLABLES[syllable] + word
    return word
