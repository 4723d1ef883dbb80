"""bm25s (NumPy), stemmed: the ten best of any word. It has no phrases, no totals, and no filter by date."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

import bm25s
import Stemmer
from bm25s.tokenization import Tokenizer
from bm25s.utils.corpus import JsonlCorpus

from tests.bench.corpora import records
from tests.bench.engine import Abilities, Answer, Question

WORD = r"[^\W_]+"


class Bm25s:
    """Scores computed when it is built, mapped when it is opened, summed when it is asked."""

    name: ClassVar[str] = "bm25s"
    abilities: ClassVar[Abilities] = Abilities(
        kinds=frozenset({"any"}),
        total=False,
        dates=False,
        newest=False,
        workers=False,
        remark="ten best of any word alone; keeps no positions",
    )
    index_of: ClassVar[str] = ""

    def __init__(self, retriever: Any, corpus: Any) -> None:
        self._retriever = retriever
        self._corpus = corpus
        self._stemmer = Stemmer.Stemmer("english")

    @staticmethod
    def version() -> str:
        return f"bm25s {bm25s.__version__}"

    @classmethod
    def build(cls, articles: Path, index: Path, workers: int) -> None:
        names = ("id", "title", "text", "date", "source")
        kept = [{name: record.get(name) or "" for name in names} for record in records(articles)]
        tokenizer = _tokenizer()
        bodies = [record["title"] + "\n" + record["text"] for record in kept]
        tokens = tokenizer.tokenize(bodies, update_vocab=True, show_progress=False, return_as="tuple")
        retriever = bm25s.BM25(method="lucene")
        retriever.index(tokens, show_progress=False)
        retriever.save(str(index), corpus=kept, show_progress=False)

    @classmethod
    def open(cls, index: Path) -> Self:
        retriever = bm25s.BM25.load(str(index), mmap=True, show_progress=False)
        return cls(retriever, JsonlCorpus(index / "corpus.jsonl", show_progress=False))

    def search(self, question: Question) -> list[tuple[int, float]]:
        stems = [stem for stem in self._stemmer.stemWords(question.words) if stem in self._retriever.vocab_dict]
        if not stems:
            return []
        numbers, scores = self._retriever.retrieve([stems], k=question.limit, show_progress=False)
        # It always returns as many as it was asked for; those without any of the words have no score.
        return [(int(n), float(s)) for n, s in zip(numbers[0], scores[0], strict=True) if s > 0]

    def answer(self, found: list[tuple[int, float]]) -> Answer:
        records = [self._corpus[number] for number, _ in found]
        hits = [(record["id"], score) for record, (_, score) in zip(records, found, strict=True)]
        return Answer(None, hits, [(record["title"], record["text"]) for record in records])

    def facts(self) -> dict[str, Any]:
        return {"backend": self._retriever.backend}


def _tokenizer() -> Any:
    return Tokenizer(lower=True, splitter=WORD, stopwords=[], stemmer=Stemmer.Stemmer("english"))
