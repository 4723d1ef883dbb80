"""How does an article stand in an index of OpenSearch? As terms that are found here, joined by blanks.

The server's analysis only splits at blanks. So an article has exactly the terms that it has in a local index, in
every language of Snowball, and the fingerprint of the chain, which is kept with the mapping, says which.

    article               the whole article, kept and not indexed; all else is indexed and not kept
    id                    its beginning, for the order of equal hits
    title, body           ``stems`` and ``forms`` (as they are folded), a word at each position from 1 on; the body
                          goes on counting where the title ended, by fillers that take a position and are dropped
    title, body.borders   at the last word of a sentence or paragraph and at the first of the next a mark; another
                          at position 0, and right before the body
    weights               each stem with its weighted frequency: the server's BM25 over it is the BM25F of
                          searchkit/store/ranking.py
    title_words, body_words, day, source (folded), source_name, has (fields with anything in them)
    author, section, url, language, source_words
                          ``stems`` and ``forms`` of what is known of an article, parts far from each other

Beside it stands an index of its words: each written form with its stem, for patterns and misspellings.
"""

from __future__ import annotations

import array
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from searchkit.analysis import LANGUAGES, Chain
from searchkit.article import Article
from searchkit.cluster.stored import as_stored
from searchkit.cluster.tokens import COUNTED, FILLER, LONGEST, LONGEST_KEY, is_plain, key_of, source_key, token
from searchkit.errors import AnalysisMismatch, NotAnIndex
from searchkit.frozen import frozen
from searchkit.memory.fields import text_of, value_of
from searchkit.query.grammar import MOST_APART
from searchkit.query.tree import KNOWN_FIELDS
from searchkit.store.builder import Words
from searchkit.store.ranking import BODY_B, K1, TITLE_B, TITLE_WEIGHT, Scale

# Raised whenever the same article could give another document than before.
REVISION = 1
# What a weighted frequency is multiplied with before it is rounded, where the averages allow it.
_FINEST = 4096
# The sum of the frequencies of one document must stay below 2^31.
_MOST_FREQUENCY = 1 << 30
# So many articles are taken apart at once.
_BATCH = 128
# With more words in mind, the memory starts anew.
_MOST_WORDS = 1_000_000
_WORDS_SUFFIX = "-words"

# The numbers of the words of a title and of a body, and borders as the vocabulary draws them.
_Apart = tuple[Sequence[int], Sequence[int], Sequence[int]]

# A mark says what ends with a word and what begins with it: s a sentence, p a paragraph (and its sentence).
ENDS_SENTENCE = ("s_", "p_", "ss", "sp", "ps", "pp")
BEGINS_SENTENCE = ("_s", "_p", "ss", "sp", "ps", "pp")
ENDS_PARAGRAPH = ("p_", "ps", "pp")
BEGINS_PARAGRAPH = ("_p", "sp", "pp")
_MARKS = ("_", "s", "p")
# What stands before the first word of the article, of the body, of both.
BEFORE_ARTICLE = ("^", "^^")
BEFORE_BODY = ("b^", "^^")


def field_name(field: str) -> str:
    """What a field of the query language is called in a document."""
    return "source_words" if field == "source" else field


def words_index(index: str) -> str:
    """The name of the index of the words of ``index``."""
    return index + _WORDS_SUFFIX


@frozen
class Form:
    """A word as it is folded, and its stem."""

    text: str
    stem: str


class Layout:
    """The documents of one index: with the stems of ``language``, weighed by these average lengths.

    ``averages`` are fixed with the first articles: other weights would be other documents. An instance belongs to
    one thread.
    """

    def __init__(self, language: str, averages: Scale) -> None:
        self.averages = averages
        self.chain = Chain(language)
        self.fineness = _fineness(averages)
        self._words = _KnownWords(self.chain)
        self._told = 0

    @classmethod
    def for_articles(cls, language: str, articles: Sequence[Article]) -> Layout:
        """A layout with the averages of these articles, the first of an index."""
        layout = cls(language, Scale(1.0, 1.0))
        titles = bodies = 0
        for batch in _batches(articles):
            for titled, end, _ in layout._words.take_apart(batch):
                titles, bodies = titles + len(titled), bodies + len(end)
        return cls(language, Scale.of_averages(titles, bodies, len(articles)))

    @classmethod
    def of_metadata(cls, meta: object, index: str) -> Layout:
        """The layout that ``mappings._meta`` of an index tells of.

        Raises NotAnIndex where something else made the index, and AnalysisMismatch where another chain did.
        """
        told = meta.get("searchkit") if isinstance(meta, Mapping) else None
        try:
            averages = Scale(float(told["average_title"]), float(told["average_body"]))  # type: ignore[index]
            language, revision = str(told["language"]), int(told["revision"])  # type: ignore[index]
            fingerprint, fineness = str(told["fingerprint"]), int(told["fineness"])  # type: ignore[index]
        except (KeyError, TypeError, ValueError):
            raise NotAnIndex(f"the index {index} of the cluster was not made by searchkit") from None
        hint = "Build it again: searchkit index --rebuild PATH"
        if revision != REVISION:
            raise AnalysisMismatch(f"the index {index} was laid out by another version of searchkit", hint=hint)
        layout = cls(language, averages) if language in LANGUAGES else None
        if layout is None or layout.chain.fingerprint != fingerprint or layout.fineness != fineness:
            raise AnalysisMismatch(f"the index {index} was written with another analysis of words", hint=hint)
        return layout

    @property
    def metadata(self) -> dict[str, object]:
        """What an index keeps as ``mappings._meta``."""
        return {
            "searchkit": {
                "revision": REVISION,
                "language": self.chain.language,
                "fingerprint": self.chain.fingerprint,
                "average_title": self.averages.average_title,
                "average_body": self.averages.average_body,
                "fineness": self.fineness,
            }
        }

    def settings_and_mappings(self, shards: int = 1, replicas: int = 0) -> dict[str, Any]:
        """What the index is made with."""
        return {
            "settings": {
                "index": {
                    "number_of_shards": shards,
                    "number_of_replicas": replicas,
                    "similarity": {"weights": {"type": "BM25", "k1": K1 * self.fineness, "b": 0.0}},
                    "analysis": {
                        "tokenizer": {"blanks": {"type": "whitespace", "max_token_length": 4 * LONGEST}},
                        "filter": {
                            "fillers": {"type": "stop", "stopwords": [FILLER]},
                            "counted": {"type": "delimited_term_freq", "delimiter": COUNTED},
                        },
                        "analyzer": {
                            "words": {"type": "custom", "tokenizer": "blanks", "filter": ["fillers"]},
                            "counted": {"type": "custom", "tokenizer": "blanks", "filter": ["counted"]},
                        },
                    },
                }
            },
            "mappings": {
                "dynamic": "strict",
                "_meta": self.metadata,
                "_source": {"includes": ["article"]},
                "properties": _properties(),
            },
        }

    def words_settings_and_mappings(self, shards: int = 1, replicas: int = 0) -> dict[str, Any]:
        """What the index of the words is made with."""
        return {
            "settings": {"index": {"number_of_shards": shards, "number_of_replicas": replicas}},
            "mappings": {
                "dynamic": "strict",
                "_meta": self.metadata,
                "properties": {
                    # The token; whether it is a digest; characters; and the form itself where it is.
                    "form": {"type": "keyword"},
                    "digest": {"type": "boolean"},
                    "length": {"type": "integer"},
                    "stem": {"type": "keyword"},
                    "text": {"type": "object", "enabled": False},
                },
            },
        }

    def documents(self, articles: Iterable[Article]) -> Iterator[tuple[str, bytes, list[Form]]]:
        """(``_id``, source as JSON, words that this layout has not told of before) for each article, in order."""
        for batch in _batches(articles):
            apart = self._words.take_apart(batch)
            known = self._words
            fresh = [
                Form(form, stem)
                for form, stem in dict(zip(known.forms[self._told :], known.stems[self._told :], strict=True)).items()
            ]
            self._told = len(known.forms)
            for article, words in zip(batch, apart, strict=True):
                yield key_of(article.id), self._source(article, words), fresh
                fresh = []
            if self._told > _MOST_WORDS:
                self._words, self._told = _KnownWords(self.chain), 0

    def word_document(self, form: Form) -> tuple[str, bytes]:
        """(``_id``, source as JSON) of a word in the index of the words."""
        sent = token(form.text)
        document: dict[str, object] = {"form": sent, "length": len(form.text), "stem": token(form.stem)}
        if not is_plain(sent):
            document |= {"digest": True, "text": {"form": form.text}}
        return key_of(form.text), json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")

    def _source(self, article: Article, apart: _Apart) -> bytes:
        """The document of an article; tokens are bytes within quotation marks already."""
        titles, bodies, borders = apart
        words = self._words
        stems, forms = words.stem_tokens, words.form_tokens
        before = _FILLERS * (len(titles) + 1)
        marks = _marks(len(titles) + len(bodies), borders)
        facts = json.dumps(self._facts(article, len(titles), len(bodies)), ensure_ascii=False, separators=(",", ":"))
        parts = [
            facts[:-1].encode("utf-8", "replace"),
            b',"title":{"stems":"# ',
            b" ".join([stems[number] for number in titles]),
            b'","forms":"# ',
            b" ".join([forms[number] for number in titles]),
            b'","borders":"^ ',
            b" ".join(marks[: len(titles)]),
            b'"},"body":{"stems":"',
            before + b" ".join([stems[number] for number in bodies]),
            b'","forms":"',
            before + b" ".join([forms[number] for number in bodies]),
            b'","borders":"',
            b"^ " + _FILLERS * (len(titles) - 1) + b"b^ " if titles else b"^^ ",
            b" ".join(marks[len(titles) :]),
            b'"},"weights":"',
            b" ".join(self._weights(titles, bodies)),
            b'"}',
        ]
        return b"".join(parts)

    def _facts(self, article: Article, title_words: int, body_words: int) -> dict[str, object]:
        facts: dict[str, object] = {
            "article": as_stored(article),
            "id": article.id[:LONGEST_KEY],
            "title_words": title_words,
            "body_words": body_words,
        }
        if article.date:
            facts["day"] = article.date.isoformat()
        if article.source:
            facts["source"] = source_key(article.source)
            facts["source_name"] = article.source[:LONGEST_KEY]
        has = [field for field in KNOWN_FIELDS if value_of(article, field)]
        if has:
            facts["has"] = has
        for field in has:
            facts[field_name(field)] = self._known(field, value_of(article, field))
        return facts

    def _known(self, field: str, value: str) -> dict[str, list[str]]:
        """What is known of an article, its parts one text each: the server puts them far from each other."""
        parts = [list(text_of(field, part, self.chain).words) for part in value.split("\n")]
        return {
            "stems": [" ".join([token(word.stem) for _, word in part]) for part in parts],
            "forms": [" ".join([token(word.word) for _, word in part]) for part in parts],
        }

    def _weights(self, titles: Sequence[int], bodies: Sequence[int]) -> Iterator[bytes]:
        """Each stem with its weighted frequency."""
        stems = self._words.stem_tokens
        title_weight, title_base, title_slope, body_base, body_slope = self.averages.for_bounds()
        in_title = self.fineness * title_weight / (title_base + title_slope * len(titles))
        in_body = self.fineness / (body_base + body_slope * len(bodies))
        titled = Counter([stems[number] for number in titles])
        counted = Counter([stems[number] for number in bodies])
        # One that every article has: so the server knows of them all when it weighs how rare a stem is.
        yield _EVERY
        for stem, count in titled.items():
            yield stem + b"|%d" % max(1, round(count * in_title + counted.pop(stem, 0) * in_body))
        written: dict[int, bytes] = {}
        for stem, count in counted.items():
            ending = written.get(count)
            if ending is None:
                ending = written[count] = b"|%d" % max(1, round(count * in_body))
            yield stem + ending


_FILLERS = FILLER.encode() + b" "
_EVERY = f"{FILLER}{COUNTED}1".encode()


class _KnownWords:
    """The words of articles by number, with what they are folded and stemmed to."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._vocabulary = Words(0).vocabulary
        self.forms: list[str] = []
        self.stems: list[str] = []
        self.form_tokens: list[bytes] = []
        self.stem_tokens: list[bytes] = []
        # (The vocabulary knows abbreviations from the start: no article has them for that.)
        self._learn()

    def take_apart(self, articles: Sequence[Article]) -> list[_Apart]:
        """The words of each."""
        vocabulary = self._vocabulary
        vocabulary.forget_texts()
        vocabulary.add(
            [article.title.encode("utf-8", "replace") for article in articles],
            [article.body.encode("utf-8", "replace") for article in articles],
        )
        self._learn()
        tokens = array.array("I", bytes(vocabulary.tokens())).tolist()
        bounds = array.array("I", vocabulary.bounds()).tolist()
        borders = array.array("I", vocabulary.borders()).tolist()
        found: list[_Apart] = []
        first = drawn = 0
        for middle, end, last in zip(bounds[::3], bounds[1::3], bounds[2::3], strict=True):
            found.append((tokens[first:middle], tokens[middle:end], borders[drawn:last]))
            first, drawn = end, last
        return found

    def _learn(self) -> None:
        forms, stems = self._chain.terms(self._vocabulary.words(len(self.forms)))
        for form, stem in zip(map(_decoded, forms), map(_decoded, stems), strict=True):
            self.forms.append(form)
            self.stems.append(stem)
            self.form_tokens.append(_in_json(token(form)))
            self.stem_tokens.append(_in_json(token(stem)))


def _decoded(term: bytes) -> str:
    return term.decode("utf-8", "replace")


def _in_json(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False)[1:-1].encode()


def _marks(words: int, borders: Sequence[int]) -> list[bytes]:
    """The mark of each word of an article, title and body on end; each border is doubled, odd for a paragraph."""
    begins = {border >> 1: 2 if border & 1 else 1 for border in borders}
    marks = [FILLER.encode()] * words
    for at, what in begins.items():
        # Of the word before, what ends with it; and this one may be the last of its own sentence.
        marks[at - 1] = f"{_MARKS[what]}{_MARKS[begins.get(at - 1, 0)]}".encode()
        if at < words and at + 1 not in begins:
            marks[at] = f"_{_MARKS[what]}".encode()
    return marks


def _fineness(averages: Scale) -> int:
    """What weighted frequencies are multiplied with: less where articles are so long that they would be too large.

    However long one is, its frequencies sum up to less than this bound, since a field's norm grows with its length.
    """
    bound = TITLE_WEIGHT * averages.average_title / TITLE_B + averages.average_body / BODY_B
    return max(1, min(_FINEST, int(_MOST_FREQUENCY / bound)))


def _batches(articles: Iterable[Article]) -> Iterator[list[Article]]:
    rest = iter(articles)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _properties() -> dict[str, Any]:
    """The fields of the mapping."""
    words = {"type": "text", "analyzer": "words", "norms": False, "similarity": "boolean"}
    far_apart = words | {"position_increment_gap": MOST_APART}
    text = {"properties": {"stems": words, "forms": words, "borders": words}}
    known = {"properties": {"stems": far_apart, "forms": far_apart}}
    return {
        "article": {"type": "object", "enabled": False},
        "id": {"type": "keyword", "index": False},
        "title": text,
        "body": text,
        "weights": {
            "type": "text",
            "analyzer": "counted",
            "search_analyzer": "words",
            "norms": False,
            "index_options": "freqs",
            "similarity": "weights",
        },
        "title_words": {"type": "integer"},
        "body_words": {"type": "integer"},
        "day": {"type": "date", "format": "strict_date"},
        "source": {"type": "keyword"},
        "source_name": {"type": "keyword"},
        "has": {"type": "keyword"},
        **{field_name(field): known for field in KNOWN_FIELDS},
    }
