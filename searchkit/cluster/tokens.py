"""How does a term travel to the server? As a token between blanks, which the server's analysis leaves as it is.

Nearly every term is its own token. One that the server would split or refuse (a blank out of a ligature, the marks
below, thousands of letters) has a digest for a token: equal terms have equal tokens, and that is all a search needs.
"""

from __future__ import annotations

import hashlib
import re

# A filler: it takes a position and is dropped. Digests begin with it too, since no plain token has it.
FILLER = "#"
# Between a stem and its frequency.
COUNTED = "|"
# In bytes of UTF-8.
LONGEST = 1000
# Whatever its letters are, a term of so many takes no more bytes.
SURELY_SHORT = LONGEST // 4
# In characters; with more, UTF-8 might take more bytes than a term of the server has.
LONGEST_KEY = 8000
LONGEST_ID = 7900
_SPECIAL = re.compile(r"[\s#|\x00-\x1f\x7f\ud800-\udfff]")
# In bytes: collisions are a matter of 2^64 terms.
_DIGEST = 16


def token(term: str) -> str:
    """The token of a folded form or a stem."""
    if not term or len(term) > SURELY_SHORT or _SPECIAL.search(term):
        data = term.encode("utf-8", "surrogatepass")
        if not term or len(data) > LONGEST or _SPECIAL.search(term):
            return FILLER + hashlib.blake2b(data, digest_size=_DIGEST).hexdigest()
    return term


def is_plain(text: str) -> bool:
    """Whether a token is the term itself."""
    return not text.startswith(FILLER)


def key_of(article_id: str) -> str:
    """The ``_id`` of an article: 32 characters, whatever its own id is, the same each time."""
    return hashlib.blake2b(article_id.encode("utf-8", "replace"), digest_size=_DIGEST).hexdigest()


def source_key(source: str) -> str:
    """What the name of a source is compared by."""
    folded = source.casefold()
    if len(folded) <= LONGEST_KEY and not folded.startswith(FILLER):
        return folded.encode("utf-8", "replace").decode()
    return FILLER + key_of(folded)


def sorting_id(article_id: str) -> str:
    """What stands for an id in the order of articles: itself, or of a very long one its beginning and its digest."""
    known = article_id.encode("utf-8", "replace").decode()
    return known if len(known) <= LONGEST_ID else known[:LONGEST_ID] + key_of(article_id)
