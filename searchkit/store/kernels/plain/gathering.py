"""Articles become records one by one; what is known of them besides their words stands in lists."""

from __future__ import annotations

import hashlib
import struct
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from searchkit.analysis.folding import folded_text
from searchkit.article import Article
from searchkit.store.record import HEAD, decode, encode

if TYPE_CHECKING:
    from typing_extensions import Buffer

_WORD = (1 << 64) - 1
# What an article costs besides its id, in lists and dictionaries.
_ARTICLE = 400
_DIGEST = 16
_FILTER_BITS = 27
_FILTER_MASK = (1 << _FILTER_BITS) - 1
FILTER_SIZE = 1 << (_FILTER_BITS - 3)
K = TypeVar("K", bound=str | bytes)


class Register:
    """The articles of a segment being made, in the order in which they came: their records, and their columns.

    Records fill blocks of at least ``block`` bytes. A later article takes the place of an earlier one with its id.
    """

    def __init__(self, block: int) -> None:
        self._block = block
        self._blocks = 0
        self._rest = b""
        self._newest: dict[bytes, int] = {}
        self._ids: list[bytes] = []
        self._days: list[int] = []
        self._sources: list[str] = []
        self._places: list[tuple[int, int]] = []

    def __len__(self) -> int:
        """How many articles stand."""
        return len(self._newest)

    @property
    def bytes_held(self) -> int:
        """About how much memory this takes."""
        return _ARTICLE * len(self._ids)

    def add(self, items: Sequence[Article | Parcel]) -> tuple[bytes, bytes, bytes]:
        """(records, spans, blocks) of articles, which are added, be they packed in parcels.

        The records are bytes, one after the other, those of a block that was not full before them. ``spans`` has
        for each article where its title begins and ends in them, and where its body does; ``blocks`` has offset
        and length of each block that is full. Both are uint64.
        """
        records, begin = bytearray(self._rest), 0
        spans, blocks = array("Q"), array("Q")
        for article in each_article(items):
            title, body = (text.encode("utf-8", "replace") for text in (article.title, article.body))
            key = article.id.encode("utf-8", "replace")
            self._newest[key] = len(self._ids)
            self._ids.append(key)
            self._days.append(article.date.toordinal() if article.date else 0)
            self._sources.append(article.source.encode("utf-8", "replace").decode())
            self._places.append((self._blocks, len(records) - begin))
            first = len(records) + HEAD + len(key)
            records += encode(article, title, body)
            spans.extend((first, first + len(title), len(records) - len(body), len(records)))
            if len(records) - begin >= self._block:
                blocks.extend((begin, len(records) - begin))
                self._blocks += 1
                begin = len(records)
        self._rest = bytes(records[begin:])
        return bytes(records), spans.tobytes(), blocks.tobytes()

    def end_block(self) -> bytes:
        """The records of the last block, which is not full: b"" where there is none."""
        rest, self._rest = self._rest, b""
        self._blocks += bool(rest)
        return rest

    def remove(self, key: bytes) -> None:
        """Leave the article with this id out after all, if it is here."""
        self._newest.pop(key, None)

    def order(self) -> bytes:
        """The texts that stand, by day; among those of one day the smallest id comes last. uint32."""
        numbers = [number for _, number in sorted(self._newest.items(), reverse=True)]
        return array("I", sorted(numbers, key=self._days.__getitem__)).tobytes()

    def columns(self, order: Buffer) -> tuple[bytes, bytes, bytes, bytes, list[str], bytes]:
        """(ids, their ends, days, numbers of sources, names of these, places) of the texts in ``order``.

        The places are the number of a block and an offset in it for each. All but the names are bytes, of uint32
        but for the ids.
        """
        texts: list[int] = list(memoryview(order))
        if texts and max(texts) >= len(self._ids):
            raise ValueError("there is no such text")
        ids = [self._ids[text] for text in texts]
        names = sorted({self._sources[text] for text in texts})
        return (
            b"".join(ids),
            array("I", accumulate(map(len, ids))).tobytes(),
            array("I", [self._days[text] for text in texts]).tobytes(),
            array("I", [names.index(self._sources[text]) for text in texts]).tobytes(),
            names,
            array("I", [number for text in texts for number in self._places[text]]).tobytes(),
        )


class Parcel:
    """Packed articles, checked: their fields are UTF-8, and all of them stem from the file ``path``.

    Raises ValueError for bytes that are nothing of the kind.
    """

    def __init__(self, packed: Buffer, path: bytes) -> None:
        self._articles = _unpacked(packed)
        if any(article.origin.path.encode("utf-8", "surrogateescape") != path for article in self._articles):
            raise ValueError("these are no articles of this file")

    def __len__(self) -> int:
        """How many articles there are."""
        return len(self._articles)

    @property
    def size(self) -> int:
        """How many bytes they take."""
        return len(pack_articles(self._articles)) - 4 * len(self)

    def ids(self) -> list[str]:
        """The id of each article."""
        return [article.id for article in self._articles]

    def places(self) -> list[str]:
        """The place of each in its file."""
        return [article.origin.place for article in self._articles]

    def lengths(self) -> list[int]:
        """How many characters each has in its title and its body."""
        return [len(article.title) + len(article.body) for article in self._articles]

    def digests(self) -> list[tuple[bytes, bytes]]:
        """(a digest of all that it says, one of its text, folded) of each: see ``article_digests``."""
        return article_digests(self._articles)

    def known(self) -> list[tuple[int, str, str, str, str]]:
        """(number, authors, section, address, language) of each that has any; several authors are a line each."""
        found = []
        for number, article in enumerate(self._articles):
            said = ("\n".join(article.authors), article.section, article.url, article.language)
            if any(said):
                found.append((number, *said))
        return found

    def articles(self) -> list[Article]:
        """All of them as articles."""
        return self._articles

    def chosen(self, numbers: list[int]) -> Parcel:
        """Those with these numbers."""
        part = Parcel(b"", b"")
        part._articles = [self._articles[number] for number in numbers]
        return part

    def dealt(self, lanes: int) -> list[Parcel]:
        """A parcel for each lane, of the articles whose ids belong to it."""
        numbers: list[list[int]] = [[] for _ in range(lanes)]
        for number, article in enumerate(self._articles):
            numbers[id_digest(article.id.encode("utf-8", "replace")) % lanes].append(number)
        return [self.chosen(mine) for mine in numbers]


def each_article(items: Iterable[Article | Parcel]) -> Iterator[Article]:
    """The articles, those of parcels among them."""
    for item in items:
        if isinstance(item, Parcel):
            yield from item.articles()
        else:
            yield item


def article_digests(articles: list[Article]) -> list[tuple[bytes, bytes]]:
    """For each article (a digest of all that it says, its place included; one of its text, folded): 16 bytes each.

    The first is made of the second: what folding takes away is told by checksums.
    """
    return [_digests(article) for article in articles]


def _digests(article: Article) -> tuple[bytes, bytes]:
    text = hashlib.blake2b(folded_text(article.title, article.body), digest_size=_DIGEST).digest()
    title, body = (part.encode("utf-8", "replace") for part in (article.title, article.body))
    day = article.date.toordinal() if article.date else 0
    sums = struct.pack("<5I", day, len(title), len(body), zlib.crc32(title), zlib.crc32(body))
    return hashlib.blake2b(sums + encode(article, b"", b"") + text, digest_size=_DIGEST).digest(), text


def pack_articles(articles: list[Article]) -> bytes:
    """Articles as bytes, one after the other: each is its day, a uint32, and its record."""
    packed = []
    for article in articles:
        day = article.date.toordinal() if article.date else 0
        title, body = (part.encode("utf-8", "replace") for part in (article.title, article.body))
        packed.append(struct.pack("<I", day) + encode(article, title, body))
    return b"".join(packed)


def pack_plain(
    record: dict[str, object],
    plan: tuple[object, ...],
    path: bytes,
    place: str,
    name: str,
    day_of: Callable[[str], int],
    authors_of: Callable[[Mapping[str, object], tuple[str, ...]], tuple[str, ...]],
) -> bytes | None:
    """What the compiled kernel packs without an article; here that would be no quicker, so it is never certain."""
    del record, plan, path, place, name, day_of, authors_of
    return None


def _unpacked(packed: Buffer) -> list[Article]:
    """The articles that were packed so; raises ValueError where the bytes are nothing of the kind."""
    data, at, made = bytes(packed), 0, []
    while at < len(data):
        if len(data) - at < 4 + HEAD:
            raise ValueError("a record is cut off")
        (day,) = struct.unpack_from("<I", data, at)
        made.append(decode(data, at + 4, day))
        at += 4 + HEAD + sum(struct.unpack_from(f"<{HEAD // 4}I", data, at + 4))
    return made


def deal(items: list[Article | Parcel | str], lanes: int) -> list[list[Article | Parcel | str]]:
    """Articles and ids in as many lists as there are ``lanes``: what is of one id is in one of them, in its order.

    A parcel becomes one for each lane.
    """
    dealt: list[list[Article | Parcel | str]] = [[] for _ in range(lanes)]
    for item in items:
        if isinstance(item, Parcel):
            for mine, part in zip(dealt, item.dealt(lanes), strict=True):
                mine.append(part)
            continue
        key = item if isinstance(item, str) else item.id
        dealt[id_digest(key.encode("utf-8", "replace")) % lanes].append(item)
    return dealt


def id_digest(key: bytes) -> int:
    """Eight bytes that stand for an id; two ids may share them, so a match is looked at again.

    They are SipHash-2-4 (Aumasson and Bernstein, 2012) under the key of its authors' test vectors.
    """
    k0, k1 = 0x0706050403020100, 0x0F0E0D0C0B0A0908
    v = (k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573)
    padded = key + bytes(7 - len(key) % 8) + bytes((len(key) & 0xFF,))
    for (piece,) in struct.iter_unpack("<Q", padded):
        v0, v1, v2, v3 = _rounds((v[0], v[1], v[2], v[3] ^ piece), 2)
        v = (v0 ^ piece, v1, v2, v3)
    v0, v1, v2, v3 = _rounds((v[0], v[1], v[2] ^ 0xFF, v[3]), 4)
    return v0 ^ v1 ^ v2 ^ v3


def sort_digests(ids: Buffer, ends: Buffer) -> tuple[bytes, bytes]:
    """(the digests of ids, ascending; whose they are), as bytes of uint64 and uint32."""
    data, behind = bytes(ids), [0, *memoryview(ends)]
    if behind != sorted(behind) or behind[-1] > len(data):
        raise ValueError("the ids overlap")
    pairs = sorted((id_digest(data[behind[at] : behind[at + 1]]), at) for at in range(len(behind) - 1))
    return array("Q", [pair[0] for pair in pairs]).tobytes(), array("I", [pair[1] for pair in pairs]).tobytes()


def _rounds(v: tuple[int, int, int, int], rounds: int) -> tuple[int, int, int, int]:
    v0, v1, v2, v3 = v
    for _ in range(rounds):
        v0, v2 = v0 + v1 & _WORD, v2 + v3 & _WORD
        v1, v3 = _turned(v1, 13) ^ v0, _turned(v3, 16) ^ v2
        v0 = _turned(v0, 32)
        v2, v0 = v2 + v1 & _WORD, v0 + v3 & _WORD
        v1, v3 = _turned(v1, 17) ^ v2, _turned(v3, 21) ^ v0
        v2 = _turned(v2, 32)
    return v0, v1, v2, v3


def _turned(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _WORD


def mark_keys(bits: bytearray, keys: Iterable[str | bytes]) -> None:
    """Put keys into a filter (Bloom, 1970) of 2^27 bits, in which every key has two."""
    for key in keys:
        for place in _places(key):
            bits[place >> 3] |= 1 << (place & 7)


def marked_keys(bits: bytearray, keys: Sequence[K]) -> list[K]:
    """Those of the keys that are in it, perhaps."""
    return [key for key in keys if all(bits[place >> 3] >> (place & 7) & 1 for place in _places(key))]


def _places(key: str | bytes) -> tuple[int, int]:
    places = hash(key)
    return places & _FILTER_MASK, (places >> _FILTER_BITS) & _FILTER_MASK
