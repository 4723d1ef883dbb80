"""Articles become records and columns, compiled as in plain Python, for random articles."""

from __future__ import annotations

import datetime
import hashlib
import random
from array import array
from dataclasses import replace
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.analysis.folding import folded_text
from searchkit.article import Article, Origin
from searchkit.store import kernels
from searchkit.store.kernels import plain
from searchkit.store.record import decode, encode

pytestmark = pytest.mark.skipif(not kernels.COMPILED, reason="there are no compiled kernels here")

BOTH: list[Any] = [kernels, plain]
TEXT = st.text(max_size=30) | st.sampled_from(["", "a", "é" * 40, "\ud800", "x" * 90])
ARTICLES = st.builds(
    Article,
    id=st.sampled_from(["a", "b", "ab", "é", "?", "\ud800", "", "id-0000001", "id-0000002"]) | st.text(max_size=12),
    title=TEXT,
    body=TEXT,
    date=st.none() | st.dates() | st.sampled_from([datetime.date(2020, 1, day) for day in (1, 2)]),
    source=TEXT,
    authors=st.lists(TEXT, max_size=3).map(tuple),
    section=TEXT,
    url=TEXT,
    language=TEXT,
    origin=st.builds(Origin, st.sampled_from(["", "/news/é", "/\udcff"]), TEXT),
)
PATH = "/news/\udcff.jsonl".encode("utf-8", "surrogateescape")
# No reader lets the character that stands between authors, and between notes, into either.
PLAIN = TEXT.map(lambda text: text.replace("\x1f", ""))
OF_ONE_FILE = st.builds(
    replace,
    ARTICLES,
    authors=st.lists(PLAIN.filter(bool), max_size=3).map(tuple),
    origin=st.builds(Origin, st.just("/news/\udcff.jsonl"), TEXT),
    notes=st.lists(st.tuples(PLAIN.filter(bool), PLAIN), max_size=2).map(tuple),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(ARTICLES, max_size=6), max_size=5), st.integers(1, 900), st.randoms(use_true_random=False))
def test_records_and_columns(batches: list[list[Article]], block: int, random_: random.Random) -> None:
    registers = [module.Register(block) for module in BOTH]
    texts: list[Article] = []
    for articles in batches:
        ours, twin = (register.add(articles) for register in registers)
        assert ours == twin
        texts += articles
        if articles and random_.random() < 0.3:
            key = random_.choice([*articles, Article("absent", "", "")]).id.encode("utf-8", "replace")
            for register in registers:
                register.remove(key)
        assert len(registers[0]) == len(registers[1])
    assert registers[0].end_block() == registers[1].end_block()
    orders = [register.order() for register in registers]
    assert orders[0] == orders[1]
    order = array("I", orders[0])
    columns = [register.columns(order) for register in registers]
    assert columns[0] == columns[1]
    days = [texts[text].date for text in order]
    assert [day or datetime.date.min for day in days] == sorted(day or datetime.date.min for day in days)


def test_more_articles_than_the_tables_begin_with() -> None:
    random_ = random.Random(1)
    registers = [module.Register(4096) for module in BOTH]
    for _ in range(30):
        articles = [
            Article(f"id-{random_.randrange(4000)}", "t", "b" * random_.randrange(300), source=random_.choice("ab"))
            for _ in range(random_.randrange(400))
        ]
        for register in registers:
            register.add(articles)
            register.remove(b"id-%d" % (len(register) % 4000))
    assert [len(register) for register in registers] == [len(registers[0])] * 2
    orders = [array("I", register.order()) for register in registers]
    assert orders[0] == orders[1]
    assert registers[0].columns(orders[0]) == registers[1].columns(orders[1])
    with pytest.raises(ValueError, match="no such text"):
        registers[0].columns(array("I", [1 << 30]))
    assert registers[0].bytes_held > 0


def test_spans_and_blocks_lie_where_the_records_are() -> None:
    articles = [Article(f"é{at}", f"title {at}", "body ü " * at, authors=("A", "B")) for at in range(50)]
    for module in BOTH:
        register, data, at, read = module.Register(1000), b"", 0, 0
        for first in range(0, 50, 7):
            batch = articles[first : first + 7]
            records, spans, blocks = register.add(batch)
            borders = array("Q", spans)
            for number, article in enumerate(batch):
                begin, middle, body, end = borders[4 * number : 4 * number + 4]
                assert records[begin:middle] == article.title.encode()
                assert records[body:end] == article.body.encode()
            pairs = array("Q", blocks)
            for offset, size in zip(pairs[::2], pairs[1::2], strict=True):
                assert size >= 1000
                data += records[offset : offset + size]
        data += register.end_block()
        assert register.end_block() == b""
        for article in articles:
            read += decode(data, at, 0) == article
            at += len(encode(article, article.title.encode(), article.body.encode()))
        assert (read, at) == (50, len(data))


@pytest.mark.parametrize("other", ["\x7f", "\x80", "\xff", "\u0100", "\u07ff", "\u0800", "\u2019", "\ud800", "\udfff",
                                   "\ue000", "\uffff", "\U00010000", "\U0010ffff"])  # fmt: skip
def test_characters_become_the_bytes_of_python_wherever_they_stand(other: str) -> None:
    """Sixteen are looked at together, as Python keeps them: one, two or four bytes each."""
    texts = ["a" * before + other + "b" * behind for before in range(34) for behind in (0, 1, 14, 15, 16, 17, 33)]
    texts += [text + "\u2019" + text for text in texts] + [other * 40]
    articles = [Article(str(number), text, text[::-1]) for number, text in enumerate(texts)]
    ours, twin = (module.Register(500).add(articles) for module in BOTH)
    assert ours == twin


def test_records_that_somebody_still_reads_are_not_overwritten() -> None:
    """Their memory is used again, but only when nobody holds it."""
    batches = [[Article(f"{number}-{at}", "t", f"{number}" * 500) for at in range(9)] for number in range(8)]
    register, held = kernels.Register(1000), []
    for number, batch in enumerate(batches):
        records, _, _ = register.add(batch)
        held.append((number, memoryview(records)))
        del records
        # Some are given up soon, some late, and of some only a part is held on to.
        held = held[-3:] if number % 2 else [(was, view[len(view) // 2 :]) for was, view in held]
        for was, view in held:
            assert bytes(view).endswith(f"{was}".encode() * 500)


def test_what_cannot_be_written_is_refused_by_both() -> None:
    for module in BOTH:
        with pytest.raises(UnicodeEncodeError):
            module.Register(1).add([Article("a", "", "", origin=Origin("\ud800"))])


@given(st.lists(ARTICLES | st.text(max_size=3)), st.integers(1, 4))
def test_what_is_of_one_id_stays_in_one_lane(items: list[Article | str], lanes: int) -> None:
    ours, twin = (module.deal(items, lanes) for module in BOTH)
    assert ours == twin
    keys = [{item if isinstance(item, str) else item.id for item in lane} for lane in ours]
    assert sum(map(len, keys)) == len(set().union(*keys))
    assert sum(map(len, ours)) == len(items)


@given(st.lists(st.binary(max_size=40)))
def test_digests(ids: list[bytes]) -> None:
    ids += ids[:2]
    assert [kernels.id_digest(key) for key in ids] == [plain.id_digest(key) for key in ids]
    ends = array("I", accumulate(map(len, ids)))
    ours, twin = (module.sort_digests(b"".join(ids), ends) for module in BOTH)
    assert ours == twin


def test_a_digest_is_the_one_of_its_authors_test_vectors() -> None:
    """The one of the paper's appendix, and the first and the last of its reference implementation."""
    for module in BOTH:
        assert module.id_digest(bytes(range(15))) == 0xA129CA6149BE45E5
        assert module.id_digest(b"") == 0x726FDB47DD0E0E31
        assert module.id_digest(bytes(range(63))) == 0x958A324CEB064572
        for ends in ([2, 1], [4]):
            with pytest.raises(ValueError, match="overlap"):
                module.sort_digests(b"abc", array("I", ends))


@settings(max_examples=200, deadline=None)
@given(st.lists(ARTICLES, max_size=6))
def test_digests_of_articles(articles: list[Article]) -> None:
    ours, twin = (module.article_digests(articles) for module in BOTH)
    assert ours == twin
    for article, (_, text) in zip(articles, ours, strict=True):
        folded = folded_text(article.title, article.body)
        assert text == hashlib.blake2b(folded, digest_size=16).digest()


@pytest.mark.parametrize("spaces", ["", " ", "\n\n", "\t \v\f\r"])
def test_texts_of_every_length_have_the_digests_of_the_standard_library(spaces: str) -> None:
    """Blocks of 128 bytes that are just full, steps of 16 that are not, and all that is white or large in ASCII."""
    letters = "".join(map(chr, range(128)))
    for size in (*range(300), 511, 512, 513, 1024, 5000):
        article = Article("a", letters[: size % 7], (letters * 40)[size % 128 :][:size] + spaces + "End")
        assert kernels.article_digests([article]) == plain.article_digests([article])


def test_whatever_an_article_says_makes_another_digest_and_folding_only_another_first() -> None:
    article = Article("a", "Title", "Body of it", datetime.date(2020, 1, 1), origin=Origin("/news/a.txt"))
    others = [
        replace(article, **change)  # type: ignore[arg-type]
        for change in (
            *({name: "x"} for name in ("id", "title", "body", "source", "section", "url", "language")),
            {"date": None},
            {"authors": ("x",)},
            {"authors": ("x", "y")},
            {"origin": Origin("/news/b.txt")},
            {"origin": Origin("/news/a.txt", "line 1")},
            {"notes": (("x", "y"),)},
            {"title": "Title B", "body": "ody of it"},
        )
    ]
    for module in BOTH:
        assert len({first for first, _ in module.article_digests([article, *others])}) == 1 + len(others)
        (one, text), (other, same) = module.article_digests([article, replace(article, body="body  OF it")])
        assert (one != other, text == same) == (True, True)


@settings(max_examples=200, deadline=None)
@given(st.lists(OF_ONE_FILE, max_size=6), st.data())
def test_articles_on_their_way_between_processes(articles: list[Article], data: st.DataObject) -> None:
    ours, twin = (module.pack_articles(articles) for module in BOTH)
    assert ours == twin
    parcels = [module.Parcel(ours, PATH) for module in BOTH]
    unpacked = outcome(kernels, ours)
    assert unpacked == outcome(plain, ours)
    assert [article.id for article in parcels[0].articles()] == [
        article.id.encode("utf-8", "replace").decode() for article in articles
    ]
    assert kernels.pack_articles(parcels[0].articles()) == ours
    if ours:
        cut = ours[: data.draw(st.integers(1, len(ours) - 1))]
        at = data.draw(st.integers(0, len(ours) - 1))
        damaged = ours[:at] + bytes((ours[at] ^ data.draw(st.integers(1, 255)),)) + ours[at + 1 :]
        for wrong in (cut, damaged):
            assert outcome(kernels, wrong) == outcome(plain, wrong)


def outcome(module: Any, packed: bytes) -> object:
    """What a parcel says, None where the bytes are refused."""
    try:
        return told(module.Parcel(packed, PATH))
    except ValueError:
        return None


@settings(max_examples=200, deadline=None)
@given(ARTICLES, st.binary(max_size=9), st.data())
def test_a_record_in_its_block_becomes_its_article(article: Article, before: bytes, data: st.DataObject) -> None:
    packed = kernels.pack_articles([article])
    day, block, at = int.from_bytes(packed[:4], "little"), before + packed[4:] + b"more", len(before)
    path = article.origin.path.encode("utf-8", "surrogateescape")
    assert kernels.read_article(block, at, day) == kernels.Parcel(packed, path).articles()[0]
    damaged = bytearray(block)
    damaged[data.draw(st.integers(0, len(block) - 1))] ^= data.draw(st.integers(1, 255))
    cut = block[: data.draw(st.integers(0, len(block)))]
    beyond = data.draw(st.integers(0, 1 << 40))
    for wrong in ((bytes(damaged), at, day), (cut, at, day), (block, beyond, day), (block, at, 1 << 22)):
        assert read(kernels, *wrong) == read(plain, *wrong)


def read(module: Any, *block: Any) -> object:
    """The article, or None where the bytes are refused."""
    try:
        return module.read_article(*block)
    except ValueError:
        return None


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_where_an_article_lies(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(0, 60), min_size=1, max_size=5))
    texts, ends = random.Random(1).randbytes(sum(sizes)), array("Q", accumulate(sizes))
    articles = data.draw(st.integers(1, 6))
    blocks = st.integers(0, len(sizes) - 1) | st.integers(0, 1 << 31)
    places = array("I", [data.draw(blocks if at % 2 == 0 else st.integers(0, 99)) for at in range(2 * articles)])
    if data.draw(st.booleans()):
        ends[data.draw(st.integers(0, len(ends) - 1))] = data.draw(st.integers(0, (1 << 64) - 1))
    days = array("I", range(articles))
    file, sections = bytearray(), []
    for section in (texts, ends.tobytes(), places.tobytes(), days.tobytes()):
        file += bytes(-len(file) % 8)
        sections.append((len(file), len(section)))
        file += section
    found = []
    for module in BOTH:
        table = module.Texts(bytes(file), 16, bytearray(b"\1" * (len(file) // 16 + 1)), None, sections)
        for number in range(-1, articles + 2):
            try:
                block, at, day = table.packed(number)
                found.append((bytes(block), at, day))
            except module.Damage as error:
                found.append(error.args)
    assert found[: len(found) // 2] == found[len(found) // 2 :]


def told(parcel: Any) -> object:
    """All that a parcel says."""
    said = (parcel.ids(), parcel.places(), parcel.lengths(), parcel.digests(), parcel.known(), parcel.size)
    return (len(parcel), parcel.articles(), *said)


@settings(max_examples=200, deadline=None)
@given(st.lists(OF_ONE_FILE, max_size=8), st.lists(ARTICLES, max_size=3), st.integers(1, 900), st.data())
def test_a_parcel_is_added_as_its_articles_are(
    packed: list[Article], others: list[Article], block: int, data: st.DataObject
) -> None:
    numbers = data.draw(st.lists(st.sampled_from(range(len(packed))), unique=True)) if packed else []
    parcels = [module.Parcel(module.pack_articles(packed), PATH) for module in BOTH]
    chosen = [parcel.chosen(numbers) for parcel in parcels]
    assert told(chosen[0]) == told(chosen[1])
    articles = [packed[number] for number in numbers]
    added = [kernels.Register(block).add([*others, *articles, *others])]
    added += [module.Register(block).add([*others, part, *others]) for module, part in zip(BOTH, chosen, strict=True)]
    assert added[0] == added[1] == added[2]
    dealt = [module.deal([*others, part, "é"], 3) for module, part in zip(BOTH, chosen, strict=True)]
    assert [[one if isinstance(one, (Article, str)) else told(one) for one in lane] for lane in dealt[0]] == [
        [one if isinstance(one, (Article, str)) else told(one) for one in lane] for lane in dealt[1]
    ]
    for lane, whole in zip(dealt[0], kernels.deal([*others, *articles, "é"], 3), strict=True):
        assert [one if isinstance(one, str) else one.id for one in apart(lane)] == [
            one if isinstance(one, str) else one.id.encode("utf-8", "replace").decode() for one in whole
        ]
    for parcel in parcels:
        with pytest.raises(IndexError):
            parcel.chosen([len(packed)])


def apart(items: list[Any]) -> list[Any]:
    """The items, the articles of parcels among them, their ids as they are written down."""
    found: list[Any] = []
    for item in items:
        if isinstance(item, Article):
            found.append(replace(item, id=item.id.encode("utf-8", "replace").decode()))
        else:
            found += [item] if isinstance(item, str) else item.articles()
    return found


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=9) | st.binary(max_size=9)), st.lists(st.text(max_size=9) | st.binary(max_size=9)))
def test_a_filter_knows_what_was_put_in(put: list[str | bytes], asked: list[str | bytes]) -> None:
    filters = [bytearray(module.FILTER_SIZE) for module in BOTH]
    for module, bits in zip(BOTH, filters, strict=True):
        module.mark_keys(bits, put)
    assert filters[0] == filters[1]
    found = [module.marked_keys(bits, [*put, *asked]) for module, bits in zip(BOTH, filters, strict=True)]
    assert found[0] == found[1]
    assert found[0][: len(put)] == put
    with pytest.raises(ValueError, match="no filter"):
        kernels.mark_keys(bytearray(8), put)
