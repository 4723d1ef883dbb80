"""What are an article's terms? Words, folded, each with its stem, and where sentences begin."""

from searchkit.analysis.chain import LANGUAGES, Chain, Token
from searchkit.analysis.sentences import ABBREVIATIONS, borders, sentence_starts
from searchkit.analysis.words import class_table, fold, fold_letters, word_spans

__all__ = [
    "ABBREVIATIONS",
    "LANGUAGES",
    "Chain",
    "Token",
    "borders",
    "class_table",
    "fold",
    "fold_letters",
    "sentence_starts",
    "word_spans",
]
