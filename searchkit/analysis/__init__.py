"""What are an article's terms? Words, folded, each with its stem, and where sentences begin."""

from searchkit.analysis.chain import LANGUAGES, Chain, Token
from searchkit.analysis.sentences import sentence_starts
from searchkit.analysis.words import fold, word_spans

__all__ = ["LANGUAGES", "Chain", "Token", "fold", "sentence_starts", "word_spans"]
