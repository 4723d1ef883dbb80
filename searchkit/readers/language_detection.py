"""In which language is a text written? What a library says, where it is installed and sure."""

from __future__ import annotations

from functools import cache
from typing import Any

# A short text says little, and of a long one the beginning says enough.
_LEAST_LETTERS = 60
_READ = 1000
_SURE = 0.95


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


@cache
def _identifier() -> Any:  # noqa: ANN401  (an optional library's own)
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier  # an extra
    except ImportError:
        return None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
