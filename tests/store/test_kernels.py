"""Each compiled kernel gives what its plain twin gives: words, bytes and pairs, for random input."""

from __future__ import annotations

import itertools
import random
import struct
from array import array
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.analysis import ABBREVIATIONS, class_table
from searchkit.store import kernels
from searchkit.store.kernels import plain
from searchkit.store.ranking import Scale

pytestmark = pytest.mark.skipif(not kernels.COMPILED, reason="there are no compiled kernels here")

CASES = Path(__file__).parent.parent / "analysis" / "word_break_cases.txt"
BOTH: list[Any] = [kernels, plain]
SCALE = Scale(7.5, 310.25).for_bounds()

# What words are made of, and what parts them: every Word_Break class, in one byte and in several.
PIECES = [
    "a", "Z", "s", "é", "ß", "Ω", "א", "ב", "カ", "ﾃ", "北", "ひ", "ก", "0", "9", "٣", "_", "‿", ":", "·", ",", ";",
    ".", "․", "’", "'", '"', "\u0301", "\u00ad", "\u200d", "\ufe0f", "\U0001f3fd", "👮", "❤", "♀", "€", "-", "/",
    "(", " ", "  ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u2028", "!", "?", "…", "。", ". ", ".\n", "! ", "? ",
    "… ", "\0",
    "Mr", "mr", "U.S", "No", "police", "Police's", "O'Brien’s", "'s", "_a_", "3.14", "1,000", "e-mail", "ﬁre", "ｐｏ",
    "A.éééééé", "abcdefgh", "abcdefghi", "abcdefghijklmnop", "abcdefghijklmnopq", "x" * 300,
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=60)


def vocabulary(module: Any) -> Any:
    return module.Vocabulary(class_table(), sorted(word.encode() for word in ABBREVIATIONS))


def numbers(buffer: Any) -> list[int]:
    """What a buffer of uint32 holds, whatever its type."""
    return list(memoryview(buffer).cast("B").cast("I")) if len(memoryview(buffer)) else []


def facts(words: Any) -> dict[str, object]:
    return {
        "words": words.words(),
        "tokens": numbers(words.tokens()),
        "bounds": numbers(words.bounds()),
        "borders": numbers(words.borders()),
        "texts": words.texts,
        "token_count": words.token_count,
        "counts": words.counts(),
        "len": len(words),
    }


def check_words(texts: list[tuple[str, str]], ours: Any = None, twin: Any = None) -> None:
    ours, twin = ours or vocabulary(kernels), twin or vocabulary(plain)
    titles = [title.encode("utf-8", "replace") for title, _ in texts]
    bodies = [body.encode("utf-8", "replace") for _, body in texts]
    for words in (ours, twin):
        words.add(titles, bodies)
    assert facts(ours) == facts(twin), texts


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=3))
def test_words_of_any_text(texts: list[tuple[str, str]]) -> None:
    check_words(texts)


def test_words_of_pieces_in_every_order() -> None:
    """Every two pieces side by side, within words and between them."""
    texts = [(f"{one}{two}", f"b {one}{two}b. Z{two}{one}Z") for one, two in itertools.product(PIECES, repeat=2)]
    check_words(texts)


def test_words_of_unicodes_own_cases() -> None:
    texts = []
    for line in CASES.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            text = "".join(chr(int(item, 16)) for item in line.split() if item not in "÷×")
            texts.append((text, f"Mr. {text} X.{text}a{text}"))
    assert len(texts) == 1823
    check_words(texts)


def test_words_of_long_random_texts() -> None:
    random_ = random.Random(1)
    ours, twin = vocabulary(kernels), vocabulary(plain)
    for _ in range(40):
        few = random_.sample(PIECES, random_.randrange(3, len(PIECES)))
        texts = [
            ("".join(random_.choices(few, k=random_.randrange(10))), "".join(random_.choices(few, k=400)))
            for _ in range(5)
        ]
        check_words(texts, ours, twin)
        if random_.random() < 0.3:
            for words in (ours, twin):
                words.forget_texts()
    first = len(twin) // 2
    assert ours.words(first) == twin.words(first)


def test_more_words_than_the_table_begins_with() -> None:
    """The table doubles when it is half full; words of 1 to 17 bytes take each of its ways to be compared."""
    random_ = random.Random(2)
    letters = "abcdefghijklmnopqrstuvwxyzABCé"
    words = ["".join(random_.choices(letters, k=random_.randrange(1, 18))) for _ in range(80_000)]
    check_words([(" ".join(words[:10]), " ".join(words)), ("", " ".join(reversed(words)))])


@pytest.mark.parametrize(
    "text", ["", "a", "x" * 2_000_000, "é" * 300_000, "_" * 100_000, "a." * 100_000, "北" * 100_000]
)
def test_words_of_texts_of_one_kind(text: str) -> None:
    check_words([(text, ""), ("", text), (text, text)])


def test_a_vocabulary_wants_whole_tables_and_pairs() -> None:
    for module in BOTH:
        with pytest.raises(ValueError, match="every code point"):
            module.Vocabulary(b"")
        with pytest.raises(ValueError, match="as many bodies"):
            vocabulary(module).add([b"a"], [])
        for spans, message in [([0, 1, 1], "four"), ([0, 1, 1, 3], "outside"), ([1, 0, 1, 2], "outside")]:
            with pytest.raises(ValueError, match=message):
                vocabulary(module).add_spans(b"ab", array("Q", spans))


@given(st.lists(st.tuples(TEXTS, TEXTS, st.binary(max_size=9)), max_size=5))
def test_words_of_texts_that_lie_apart(texts: list[tuple[str, str, bytes]]) -> None:
    """Texts lie in records, with other fields between them."""
    data, spans = b"", array("Q")
    pairs = [(title.encode("utf-8", "replace"), body.encode("utf-8", "replace")) for title, body, _ in texts]
    for (title, body), (_, _, between) in zip(pairs, texts, strict=True):
        begin = len(data) + len(between)
        data += between + title + between + body
        spans.extend((begin, begin + len(title), len(data) - len(body), len(data)))
    for module in BOTH:
        one, other = vocabulary(module), vocabulary(module)
        one.add_spans(data, spans)
        other.add([title for title, _ in pairs], [body for _, body in pairs])
        assert facts(one) == facts(other)


def random_entries(random_: random.Random, articles: int, lengths: array[int], forms: int) -> array[int]:
    """The occurrences of one term: from one in one article to many in all."""
    spread = random_.choice([1, 2, 127, 128, 129, 256, 1000, 5000])
    having = sorted(random_.sample(range(articles), min(spread, articles)))
    if random_.random() < 0.3:
        begin = random_.randrange(articles)
        having = list(range(begin, min(begin + spread, articles)))
    most = random_.choice([1, 1, 3, 40, 700 if len(having) < 200 else 3])
    entries = array("Q")
    for article in having:
        count = random_.randrange(most) + 1
        width = random_.choice([count, 4 * count + lengths[article], 100_000, (1 << 26) - 1])
        for position in sorted(random_.sample(range(max(width, count)), count)):
            entries.append((article << 26 | position) << 12 | random_.randrange(forms))
    return entries


def written(module: Any, terms: list[tuple[array[int], int]], titles: array[int], bodies: array[int]) -> Any:
    chunks: list[bytes] = []
    output = module.TermOutput(titles, bodies, SCALE, chunks.append)
    for entries, forms in terms:
        output.add(entries, forms)
    output.flush()
    return b"".join(chunks), output.sections()


def random_lengths(random_: random.Random, articles: int) -> tuple[array[int], array[int]]:
    titles = array("I", [random_.choice([0, 1, 5, 12]) for _ in range(articles)])
    bodies = array("I", [random_.choice([0, 1, 30, 310, 40_000]) for _ in range(articles)])
    return titles, bodies


@pytest.mark.parametrize("articles", [1, 2, 128, 129, 1000, 6000, 300_000])
def test_encoding_byte_for_byte(articles: int) -> None:
    random_ = random.Random(articles)
    titles, bodies = random_lengths(random_, articles)
    terms = []
    for _ in range(25):
        forms = random_.choice([1, 1, 2, 3, 17, 4096])
        terms.append((random_entries(random_, articles, titles, forms), forms))
    assert written(kernels, terms, titles, bodies) == written(plain, terms, titles, bodies)


def test_encoding_with_the_largest_gaps() -> None:
    articles = 1 << 25
    lengths = array("I", bytes(4 * articles))
    last, place = articles - 1, (1 << 26) - 1
    terms = [
        (array("Q", [(last << 26 | place) << 12 | 4095]), 4096),
        (array("Q", [0, (last << 26) << 12]), 1),
        (array("Q", [(at * (articles // 300) << 26 | at) << 12 for at in range(300)]), 1),
    ]
    assert written(kernels, terms, lengths, lengths) == written(plain, terms, lengths, lengths)


@settings(max_examples=200, deadline=None)
@given(st.sets(st.integers(0, (1 << 30) - 1), min_size=1, max_size=400), st.integers(1, 9), st.integers(0, 20))
def test_encoding_any_entries(places: set[int], forms: int, title: int) -> None:
    entries = array("Q", [(place << 12) | place % forms for place in sorted(places)])
    titles, bodies = array("I", [title]) * 16, array("I", [50]) * 16
    assert written(kernels, [(entries, forms)], titles, bodies) == written(plain, [(entries, forms)], titles, bodies)


def test_entries_are_looked_at() -> None:
    for module in BOTH:
        output = module.TermOutput(array("I", [1]), array("I", [1]), SCALE, lambda _: None)
        for entries, message in [
            ([], "without"),
            ([1 << 38], "beyond"),
            ([1 << 12, 1 << 12], "ascend"),
            ([5, 9], "asc"),
        ]:
            with pytest.raises(ValueError, match=message):
                output.add(array("Q", entries), 1)
        with pytest.raises(ValueError, match="as many"):
            module.TermOutput(array("I", [1]), array("I", []), SCALE, lambda _: None)


def test_what_write_raises_comes_through() -> None:
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    for module in BOTH:
        output = module.TermOutput(array("I", [1]), array("I", [1]), SCALE, full)
        output.add(array("Q", [0]), 1)
        with pytest.raises(OSError, match="No space"):
            output.flush()


@pytest.mark.parametrize("seed", range(20))
def test_inversion(seed: int) -> None:
    random_ = random.Random(seed)
    texts = random_.choice([1, 3, 200, 1500])
    words = random_.choice([1, 5, 300])
    tokens, bounds = array("I"), array("I")
    for _ in range(texts):
        for longest in (4, random_.choice([1, 20, 90])):
            tokens.extend(int(words * random_.random() ** 3) for _ in range(random_.randrange(longest)))
            bounds.append(len(tokens))
        bounds.append(0)
    order = array("I", random_.sample(range(texts), random_.randrange(texts) + 1))
    counted = [module.count_words(tokens, bounds, order, words) for module in BOTH]
    assert counted[0] == counted[1]
    counts = array("I", bytes(counted[0]))
    used = [list(counts)]
    stems = max(sum(used[0]) // 2, 1)
    rank = {word: at for at, word in enumerate(word for word in range(words) if used[0][word])}
    stem_of = array("I", [rank.get(word, 0) % stems for word in range(words)])
    form_of = array("I", [rank.get(word, 0) // stems for word in range(words)])
    forms = array("I", [sum(at % stems == stem for at in rank.values()) for stem in range(stems if rank else 0)])
    titles, bodies = random_lengths(random_, len(order))
    gap = random_.choice([0, 1, 5])
    room = random_.choice([1, 1000, 1 << 20])
    # With so many bits for a form, no place fits beside it in four bytes.
    bits = random_.choice([(12, 26), (31, 20), (9, 20)])
    results = []
    for module in BOTH:
        chunks: list[bytes] = []
        output = module.TermOutput(titles, bodies, SCALE, chunks.append, *bits)
        with pytest.raises(ValueError, match="do not fit"):
            module.invert(output, tokens, bounds[1:], order, counts, stem_of, form_of, forms, gap, module.Bench(room))
        module.invert(output, tokens, bounds, order, counts, stem_of, form_of, forms, gap, module.Bench(room))
        output.flush()
        results.append((b"".join(chunks), output.sections()))
    assert results[0] == results[1]


@pytest.mark.parametrize("seed", range(10))
def test_arranging(seed: int) -> None:
    random_ = random.Random(seed)
    texts = random_.choice([0, 1, 40])
    bounds, tokens, drawn = array("I"), 0, 0
    for _ in range(texts):
        for most in (3, 9):
            tokens += random_.randrange(most)
            bounds.append(tokens)
        drawn += random_.randrange(3)
        bounds.append(drawn)
    borders = array("I", [random_.randrange(99) for _ in range(drawn)])
    order = array("I", random_.sample(range(texts), random_.randrange(texts + 1)))
    ours, twin = ([bytes(part) for part in module.arrange(bounds, borders, order)] for module in BOTH)
    assert ours == twin


@pytest.mark.parametrize("seed", range(30))
def test_dictionaries_of_one_segment_after_another(seed: int) -> None:
    """Words are learned in parts; what stands in a segment is only some of what is known."""
    random_ = random.Random(seed)
    lexicons = [module.Lexicon() for module in BOTH]
    letters = random_.choice(["a", "ab", "abcdé\0"])
    for _ in range(random_.choice([1, 4])):
        new = random_.choice([0, 1, 30, 3000])
        forms = ["".join(random_.choices(letters, k=random_.randrange(14))).encode() for _ in range(new)]
        stems = [form[: random.Random(form).randrange(1, 12)] for form in forms]
        for lexicon in lexicons:
            lexicon.learn(forms, stems)
        assert len(lexicons[0]) == len(lexicons[1])
        often = random_.choice([0, 0.5, 1])
        counts = array("I", [(random_.random() < often) * random_.randrange(9) for _ in range(len(lexicons[0]))])
        ours, twin = (lexicon.dictionary(counts) for lexicon in lexicons)
        assert ours == twin
    assert lexicons[0].bytes_held > 0
    for lexicon in lexicons:
        with pytest.raises(ValueError, match="as many stems"):
            lexicon.learn([b"a"], [])
        with pytest.raises(ValueError, match="as many counts"):
            lexicon.dictionary(array("I", [1] * (len(lexicon) + 1)))


@given(st.binary(max_size=400), st.integers(0, 200), st.integers(1, 300))
def test_checksums_of_pages(data: bytes, times: int, page: int) -> None:
    data *= times
    for part in (data, memoryview(bytearray(data))[1:]):
        assert kernels.page_checksums(part, page) == plain.page_checksums(part, page)
    for module in BOTH:
        with pytest.raises(ValueError, match="a page has bytes"):
            module.page_checksums(data, 0)


@given(st.lists(st.integers(0, 30) | st.integers(0, (1 << 64) - 1)), st.lists(st.integers(0, 30)))
def test_common_numbers(ours: list[int], theirs: list[int]) -> None:
    theirs += ours[::2]
    left, right = array("Q", sorted(ours)), array("Q", sorted(theirs))
    assert kernels.common(left, right) == plain.common(left, right)


@pytest.mark.parametrize("seed", range(12))
def test_merging(seed: int) -> None:
    """Several segments, some articles of each deleted, the others dealt out anew; forms renumbered."""
    random_ = random.Random(seed)
    segments = random_.choice([1, 2, 3, 8])
    sizes = [random_.choice([1, 50, 129, 700]) for _ in range(segments)]
    deleted = random_.choice([0, 0.1, 0.9, 1])
    kept = [[random_.random() >= deleted for _ in range(size)] for size in sizes]
    # Which segment the next article of the whole comes from.
    turns = [which for which in range(segments) for keep in kept[which] if keep]
    random_.shuffle(turns)
    new = [iter([at for at, turn in enumerate(turns) if turn == which]) for which in range(segments)]
    renumbered = [
        array("I", [next(new[which]) if keep else 0xFFFFFFFF for keep in kept[which]]) for which in range(segments)
    ]
    titles, bodies = random_lengths(random_, len(turns))
    terms = []
    for _ in range(8):
        parts = []
        for which in random_.sample(range(segments), random_.randrange(segments) + 1):
            forms = random_.choice([1, 2, 5])
            lengths = random_lengths(random_, sizes[which])
            entries = random_entries(random_, sizes[which], lengths[0], forms)
            data, sections = written(kernels, [(entries, forms)], *lengths)
            (split,) = struct.unpack("I", sections["stems.splits"])
            having = len({entry >> 38 for entry in entries})
            new_forms = array("I", random_.sample(range(9), forms))
            parts.append((data, split, having, len(entries), forms, renumbered[which], new_forms))
        terms.append(parts)
    results = []
    for module in BOTH:
        chunks: list[bytes] = []
        output = module.TermOutput(titles, bodies, SCALE, chunks.append)
        merger = module.Merger(output)
        left = [merger.merge(parts, 9) for parts in terms]
        output.flush()
        results.append((left, b"".join(chunks), output.sections()))
    assert results[0] == results[1]


def test_a_merger_refuses_what_contradicts_itself() -> None:
    lengths = array("I", [1])
    data, sections = written(kernels, [(array("Q", [0]), 1)], lengths, lengths)
    (split,) = struct.unpack("I", sections["stems.splits"])
    good = (data, split, 1, 1, 1, lengths, lengths)
    for module in BOTH:
        merger = module.Merger(module.TermOutput(lengths, lengths, SCALE, lambda _: None))
        for changes in ({0: b""}, {1: len(data) + 1}, {2: 0}, {3: 2}, {4: 2}, {5: array("I")}):
            part = tuple(changes.get(at, value) for at, value in enumerate(good))
            with pytest.raises(module.Damage):
                merger.merge([part], 1)
        with pytest.raises(ValueError, match="at most 64"):
            merger.merge([good] * 65, 1)


@pytest.mark.parametrize("seed", range(10))
def test_the_dictionary(seed: int) -> None:
    random_ = random.Random(seed)
    count = random_.choice([0, 1, 2, 40, 500])
    stems = sorted({random_.randbytes(random_.choice([1, 3, 20])) for _ in range(count)})
    count = len(stems)
    steps = [random_.randrange(2, 90) for _ in stems]
    columns = [
        b"".join(stems),
        array("I", itertools.accumulate(map(len, stems))).tobytes(),
        random_.randbytes(sum(steps)),
        array("Q", itertools.accumulate(steps)).tobytes(),
        array("I", [random_.randrange(step) for step in steps]).tobytes(),
        *[array("I", [random_.randrange(1 << 32) for _ in stems]).tobytes() for _ in range(2)],
        array("f", [random_.random() for _ in stems]).tobytes(),
        array("I", itertools.accumulate([0, *[random_.randrange(9) for _ in stems]])).tobytes(),
    ]
    file, sections = bytearray(), []
    for column in columns:
        file += bytes(-len(file) % 8)
        sections.append((len(file), len(column)))
        file += column
    page = 64
    calls: list[list[int]] = [[], []]
    verified = [bytearray(len(file) // page + 1) for _ in BOTH]

    def verifier(which: int) -> Any:
        def verify(number: int) -> None:
            calls[which].append(number)
            verified[which][number] = 1

        return verify

    made = [m.Dictionary(bytes(file), page, verified[at], verifier(at), sections) for at, m in enumerate(BOTH)]
    assert [dictionary.stems for dictionary in made] == [count, count]
    for stem in [*stems, b"", b"a", b"\xff" * 30, *[stem[:-1] for stem in stems], *[stem + b"\0" for stem in stems]]:
        number = stems.index(stem) if stem in stems else -1
        assert [dictionary.find(stem) for dictionary in made] == [number, number]
    for term in range(count):
        for positions in (False, True):
            assert made[0].facts(term, positions) == made[1].facts(term, positions)
        assert made[0].articles(term) == made[1].articles(term)
    # Each page is verified once, and none that was not needed; the ways to a stem may differ.
    assert all(len(seen) == len(set(seen)) for seen in calls)
    for at, module in enumerate(BOTH):
        for bad in (sections[:-1], [(0, len(file) + 1), *sections[1:]], [*sections[:-1], (0, 3)]):
            with pytest.raises((module.Damage, ValueError)):
                module.Dictionary(bytes(file), page, verified[at], verifier(at), bad)
