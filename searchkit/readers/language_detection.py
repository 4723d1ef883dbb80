"""In which language is a text written? What a library says, where it is installed and sure."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from typing import Any

from searchkit.article import Article
from searchkit.errors import UsageError

# A short text says little, and of a long one the beginning says enough.
_LEAST_LETTERS = 60
_READ = 1000
_SURE = 0.95


def require_library() -> None:
    """Raise UsageError where the extra ``language`` is not installed."""
    if find_spec("py3langid") is None:
        raise UsageError("finding out languages needs a library", hint="pip install 'searchkit[language]'")


def detected(text: str) -> str:
    """The tag of the language ("en"), or '' where that is not sure, or the extra ``language`` is not installed."""
    beginning = text[:_READ]
    if sum(character.isalpha() for character in beginning) < _LEAST_LETTERS:
        return ""
    identifier = _identifier()
    if identifier is None:
        return ""
    tag, probability = identifier.classify(beginning)
    return str(tag) if probability >= _SURE else ""


def with_language(article: Article) -> Article:
    """The article; where it states no language and one can be found, that one, and a note that says so."""
    if article.language:
        return article
    tag = detected(f"{article.title}\n{article.body}")
    if not tag:
        return article
    return replace(article, language=tag, notes=(*article.notes, ("language from", "the text")))


@cache
def _identifier() -> Any:  # noqa: ANN401  (an optional library's own)
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier  # an extra
    except ImportError:
        return None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
