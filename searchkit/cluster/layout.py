"""How does an article stand in an index of OpenSearch? As terms that are found here, joined by blanks.

The server's analysis only splits at blanks. So an article has exactly the terms that it has in a local index, in
every language of Snowball, and the fingerprint of the chain, which is kept with the mapping, says which.

    article               the whole article, kept and not indexed; all else is indexed and not kept
    id                    its id, for the order of equal hits; of a very long one the beginning and a digest
    title, body           ``stems`` and ``forms`` (as they are folded), a word at each position from 1 on; the body
                          goes on counting where the title ended, by fillers that take a position and are dropped
    title, body.borders   a mark where a sentence or paragraph begins or ends; others at position 0, and right
                          before the body
    weights               each stem with its weighted frequency: the server's BM25 over it is the BM25F of
                          searchkit/store/ranking.py
    title_words, body_words, day, source (folded), source_name, has (fields with anything in them)
    author, section, url, language, source_words
                          ``stems`` and ``forms`` of what is known of an article, parts far from each other

Beside it stands an index of its words: each written form with its stem, for patterns and misspellings.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from searchkit.analysis import LANGUAGES, Chain
from searchkit.article import Article
from searchkit.cluster.apart import KnownWords
from searchkit.cluster.stored import as_stored
from searchkit.cluster.tokens import (
    COUNTED,
    FILLER,
    LONGEST,
    LONGEST_KEY,
    SURELY_SHORT,
    is_plain,
    key_of,
    sorting_id,
    source_key,
    token,
)
from searchkit.errors import AnalysisMismatch, NotAnIndex
from searchkit.memory.fields import text_of, value_of
from searchkit.query.grammar import MOST_APART
from searchkit.query.tree import KNOWN_FIELDS
from searchkit.store.ranking import BODY_B, K1, TITLE_B, TITLE_WEIGHT, Scale

# Raised whenever the same article could give another document than before.
REVISION = 1
# What a weighted frequency is multiplied with before it is rounded, where the averages allow it.
_FINEST = 4096
# The sum of the frequencies of one document must stay below 2^31.
_MOST_FREQUENCY = 1 << 30
# So many articles are taken apart at once.
_BATCH = 512
# A frequency that counts twice is saturated in half the time.
TITLE_K1 = K1 / TITLE_WEIGHT
# The bytes of an index are those of this moment, and not of ten seconds ago.
_STORE = {"stats_refresh_interval": "0s"}
# With more words in mind, the memory starts anew.
_MOST_WORDS = 1_000_000
_MOST_VALUES = 10_000
_WORDS_SUFFIX = "-words"

# A mark says what ends with a word and what begins with it: s a sentence, p a paragraph (and its sentence). So a
# sentence is a word that has both, or what lies between a word with the one and the next with the other.
BEGIN_SENTENCE, END_SENTENCE, ARE_SENTENCES = ("_s", "_p"), ("s_", "p_"), ("ss", "sp", "ps", "pp")
BEGIN_PARAGRAPH, END_PARAGRAPH, ARE_PARAGRAPHS = ("_p", "sp"), ("p_", "ps"), ("pp",)
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


class Form(NamedTuple):
    """A word as it is folded, and its stem. ``known``: of what is known of articles, not of their texts."""

    text: str
    stem: str
    known: bool = False


class Layout:
    """The documents of one index: with the stems of ``language``, weighed by these average lengths.

    ``averages`` are fixed with the first articles: other weights would be other documents. An instance belongs to
    one thread.
    """

    def __init__(self, language: str, averages: Scale) -> None:
        self.averages = averages
        self.chain = Chain(language)
        self.fineness = _fineness(averages)
        self._words = KnownWords(self.chain)
        self._told = 0
        self._absent = set(range(self._words.given))
        # Words of what is known of articles: all of them, and those not told of yet.
        self._known_forms: set[str] = set()
        self._fresh: list[Form] = []
        # Most articles have a source, a section and authors of others.
        self._taken_apart: dict[tuple[str, str], str] = {}

    @classmethod
    def for_articles(cls, language: str, articles: Sequence[Article]) -> Layout:
        """A layout with the averages of these articles, the first of an index."""
        layout = cls(language, Scale(1.0, 1.0))
        titles = bodies = 0
        for batch in _batches(articles):
            titled, counted = layout._words.lengths(batch)
            titles, bodies = titles + titled, bodies + counted
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
            raise NotAnIndex(
                f"the index {index} of the cluster was not made by searchkit",
                hint="Give a name that the cluster does not have yet, or one of an index of searchkit.",
            ) from None
        hint = "Build it again: searchkit index --rebuild PATH"
        if revision != REVISION:
            raise AnalysisMismatch(f"the index {index} was laid out by another version of searchkit", hint=hint)
        layout = cls(language, averages) if language in LANGUAGES else None
        if layout is None or layout.chain.fingerprint != fingerprint or layout.fineness != fineness:
            raise AnalysisMismatch(f"the index {index} was written with another analysis of words", hint=hint)
        return layout

    @property
    def known_words(self) -> KnownWords:
        """What is known of words; from time to time it starts anew, lest it grow without end."""
        if len(self._words.forms) > _MOST_WORDS:
            self._words, self._told = KnownWords(self.chain), 0
            self._absent = set(range(self._words.given))
            self._known_forms.clear()
            self._taken_apart.clear()
        return self._words

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
                    "store": _STORE,
                    "similarity": {
                        "weights": {"type": "BM25", "k1": K1 * self.fineness, "b": 0.0},
                        # About what a passage adds that stands in one of these alone.
                        "title": {"type": "BM25", "k1": TITLE_K1, "b": TITLE_B},
                        "body": {"type": "BM25", "k1": K1, "b": BODY_B},
                    },
                    "analysis": {
                        "tokenizer": {"blanks": {"type": "whitespace", "max_token_length": 4 * LONGEST}},
                        "filter": {
                            "fillers": {"type": "stop", "stopwords": [FILLER]},
                            "counted": {"type": "delimited_term_freq", "delimiter": COUNTED},
                            # All the words of a text at one position: what a pattern means is ranked as one word.
                            "together": {
                                "type": "pattern_capture",
                                "preserve_original": False,
                                "patterns": ["([^ ]+)"],
                            },
                        },
                        "analyzer": {
                            "words": {"type": "custom", "tokenizer": "blanks", "filter": ["fillers"]},
                            "counted": {"type": "custom", "tokenizer": "blanks", "filter": ["counted"]},
                            "one_word": {"type": "custom", "tokenizer": "keyword", "filter": ["together"]},
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
            "settings": {"index": {"number_of_shards": shards, "number_of_replicas": replicas, "store": _STORE}},
            "mappings": {
                "dynamic": "strict",
                "_meta": self.metadata,
                "properties": {
                    # The token; whether it is a digest; characters; and the form itself where it is.
                    "form": {"type": "keyword"},
                    "digest": {"type": "boolean"},
                    "length": {"type": "integer"},
                    "stem": {"type": "keyword"},
                    "known": {"type": "boolean"},
                    "text": {"type": "object", "enabled": False},
                },
            },
        }

    def documents(self, articles: Iterable[Article]) -> Iterator[tuple[str, bytes, list[Form]]]:
        """(``_id``, source as JSON, words that this layout has not told of before) for each article, in order."""
        for batch in _batches(articles):
            known = self.known_words
            written = known.written(batch, self.averages, self.fineness)
            fresh = self._not_told(known)
            for article, (title_words, body_words, terms) in zip(batch, written, strict=True):
                facts = self._facts(article, title_words, body_words)
                yield key_of(article.id), facts + terms, fresh + self._fresh
                fresh, self._fresh = [], []

    def _not_told(self, known: KnownWords) -> list[Form]:
        """The words of the articles just taken apart that were not told of before."""
        numbers = [*range(max(self._told, known.given), len(known.forms))]
        if self._absent:
            # What the vocabulary knew from the start is told when an article has it.
            found = known.standing(self._absent)
            self._absent -= found
            numbers += found
        self._told = len(known.forms)
        return [Form(*pair) for pair in {known.forms[one]: known.stems[one] for one in numbers}.items()]

    def word_document(self, form: Form) -> tuple[str, bytes]:
        """(``_id``, source as JSON) of a word in the index of the words."""
        text, stem, known = form
        # No word has a blank before it.
        key = key_of(" " * known + text)
        if text.isascii() and text.isalnum() and stem.isalnum() and len(text) <= SURELY_SHORT and not known:
            # As nearly all are: each is its own token, and nothing in it means anything in JSON.
            return key, f'{{"form":"{text}","length":{len(text)},"stem":"{stem}"}}'.encode()
        sent = token(text)
        document: dict[str, object] = {"form": sent, "length": len(text), "stem": token(stem)}
        if not is_plain(sent):
            document |= {"digest": True, "text": {"form": text}}
        if known:
            document["known"] = True
        return key, _AS_JSON(document).encode("utf-8", "replace")

    def _facts(self, article: Article, title_words: int, body_words: int) -> bytes:
        """The beginning of the document of an article: all but the words of title and body."""
        parts = [
            '{"article":',
            _AS_JSON(as_stored(article)),
            ',"id":',
            _AS_JSON(sorting_id(article.id)),
            f',"title_words":{title_words},"body_words":{body_words}',
        ]
        if article.date:
            parts.append(f',"day":"{article.date.isoformat()}"')
        has = [(field, value) for field in KNOWN_FIELDS if (value := value_of(article, field))]
        if has:
            parts.append(f',"has":{_AS_JSON([field for field, _ in has])}')
        for pair in has:
            known = self._taken_apart.get(pair)
            if known is None:
                if len(self._taken_apart) >= _MOST_VALUES:
                    self._taken_apart.clear()
                known = self._taken_apart[pair] = self._known(*pair)
            parts.append(known)
        return "".join(parts).encode("utf-8", "replace")

    def _known(self, field: str, value: str) -> str:
        """What is known of an article, its parts one text each: the server puts them far from each other."""
        parts = [list(text_of(field, part, self.chain).words) for part in value.split("\n")]
        for _, word in chain.from_iterable(parts):
            if word.word not in self._known_forms:
                self._known_forms.add(word.word)
                self._fresh.append(Form(word.word, word.stem, True))
        known: dict[str, object] = {
            field_name(field): {
                "stems": [" ".join([token(word.stem) for _, word in part]) for part in parts],
                "forms": [" ".join([token(word.word) for _, word in part]) for part in parts],
            }
        }
        if field == "source":
            known |= {"source": source_key(value), "source_name": value[:LONGEST_KEY]}
        return "," + _AS_JSON(known)[1:-1]


_AS_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


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

    def text(field: str) -> dict[str, Any]:
        ranked = {"type": "text", "analyzer": "words", "similarity": field}
        return {"properties": {"stems": ranked, "forms": words, "borders": words}}

    known = {"properties": {"stems": far_apart, "forms": far_apart}}
    return {
        "article": {"type": "object", "enabled": False},
        "id": {"type": "keyword", "index": False},
        "title": text("title"),
        "body": text("body"),
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
