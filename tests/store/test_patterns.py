"""Which written forms a pattern means: both kernels give the slow and obvious answers, and damage harms neither."""

from __future__ import annotations

import random
import re
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store.damages import opened, sealed

from searchkit.article import Article
from searchkit.errors import IndexDamaged
from searchkit.query.regex import LONGEST, RegexError, compile_regex
from searchkit.store import kernels
from searchkit.store.forms import Forms, Wild, tokens
from searchkit.store.kernels import plain
from searchkit.store.segment import SegmentReader
from searchkit.store.writer import StoreWriter

BOTH: list[Any] = [kernels, plain] if kernels.COMPILED else [plain]
PAGE = 64
ONE, MANY = 256, 257
# Characters of one to four bytes, few enough that words are near each other.
LETTERS = "abcé北👮"
WORDS = st.text(LETTERS, max_size=7)
VOCABULARIES = st.lists(WORDS, max_size=30, unique=True)
PATTERNS = st.lists(st.sampled_from([*LETTERS, "ab", Wild.ONE, Wild.MANY, Wild.MANY]), max_size=8)


class File:
    """The four sections of forms in a file of small pages, which are verified when they are first read."""

    def __init__(self, forms: list[bytes], first: list[int] | None = None) -> None:
        self.ends = [sum(map(len, forms[: at + 1])) for at in range(len(forms))]
        self.order = sorted(range(len(forms)), key=forms.__getitem__)
        self.first = first or list(range(len(forms) + 1))
        self.forms = b"".join(forms)
        self.bad_pages: set[int] = set()

    def lexicon(self, module: Any) -> Any:
        data, sections = bytearray(PAGE), []
        for part in (self.forms, *(struct.pack(f"<{len(n)}I", *n) for n in (self.ends, self.order, self.first))):
            sections.append((len(data), len(part)))
            data += part + bytes(-len(part) % 8)
        data += bytes(-len(data) % PAGE)
        verified = bytearray(len(data) // PAGE)

        def verify(page: int) -> None:
            if page in self.bad_pages:
                raise IndexDamaged("a bad page")
            verified[page] = 1

        return module.FormTable(bytes(data), PAGE, verified, verify, sections)


def lexicons(words: list[str]) -> list[Any]:
    file = File([word.encode() for word in words])
    return [file.lexicon(module) for module in BOTH]


def fits(pattern: tuple[object, ...], word: str) -> bool:
    """The meaning of a pattern, tried in every way."""

    @cache
    def from_here(token: int, at: int) -> bool:
        if token == len(parts):
            return at == len(word)
        if parts[token] is Wild.MANY:
            return any(from_here(token + 1, later) for later in range(at, len(word) + 1))
        return at < len(word) and parts[token] in (Wild.ONE, word[at]) and from_here(token + 1, at + 1)

    parts = [piece for part in pattern for piece in (part if isinstance(part, str) else [part])]
    return from_here(0, 0)


def edits(one: str, other: str) -> int:
    """Optimal string alignment, by its definition."""

    @cache
    def distance(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        found = [
            distance(i - 1, j) + 1,
            distance(i, j - 1) + 1,
            distance(i - 1, j - 1) + (one[i - 1] != other[j - 1]),
        ]
        if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
            found.append(distance(i - 2, j - 2) + 1)
        return min(found)

    return distance(len(one), len(other))


@settings(max_examples=700, deadline=None)
@given(VOCABULARIES, PATTERNS)
def test_wildcards_of_any_words(words: list[str], pattern: list[Any]) -> None:
    expected = [number for number, word in enumerate(words) if fits(tuple(pattern), word)]
    for lexicon in lexicons(words):
        assert lexicon.wildcard(tokens(pattern)) == expected


@settings(max_examples=700, deadline=None)
@given(VOCABULARIES, WORDS, st.integers(0, 2), st.integers(0, 3))
def test_misspellings_of_any_words(words: list[str], word: str, limit: int, prefix: int) -> None:
    beginning = word[:prefix]
    distances = [(number, edits(word, other)) for number, other in enumerate(words) if other.startswith(beginning)]
    for lexicon in lexicons(words):
        first, behind = lexicon.starting(beginning.encode())
        found = lexicon.fuzzy(word, limit, first, behind)
        assert found == [(number, distance) for number, distance in distances if distance <= limit]


def test_misspellings_among_all_words_of_few_letters() -> None:
    """Every word of up to five letters is there, so every beginning, every leap and every swap is met."""
    words = ["".join(letters) for size in range(6) for letters in product("abc", repeat=size)]
    random.Random(1).shuffle(words)
    lexicon = lexicons(words)[0]
    for word in ["", "a", "ab", "ba", "abc", "acb", "abab", "aabb", "abcab", "cabac", "abcabc", "d", "abdca"]:
        for limit in (1, 2):
            expected = [(n, edits(word, other)) for n, other in enumerate(words) if edits(word, other) <= limit]
            assert lexicon.fuzzy(word, limit, 0, len(words)) == expected


def test_long_words() -> None:
    words = ["x" * 5000, "x" * 4999 + "y", "x" * 5003, "é" * 3000, "", "x"]
    for lexicon in lexicons(words):
        assert lexicon.wildcard([ord("x"), MANY, ord("y")]) == [1]
        assert lexicon.wildcard([ONE, MANY, ord("x"), ONE, MANY]) == [0, 1, 2]
        assert lexicon.wildcard([ONE] * 3000) == [3]
    # The plain kernel would take a minute for this.
    lexicon = lexicons(words)[0] if kernels.COMPILED else lexicons(["x" * 90, "x" * 89 + "y", "x" * 93])[0]
    size = 5000 if kernels.COMPILED else 90
    assert lexicon.fuzzy("x" * size, 2, 0, lexicon.forms) == [(0, 0), (1, 1)]
    assert lexicon.fuzzy("x" * (size + 1), 2, 0, lexicon.forms) == [(0, 1), (1, 2), (2, 2)]


def test_many_words_of_one_beginning_take_the_way_over_all_forms() -> None:
    words = [f"{letter}{number}" for letter in "pq" for number in range(5000)]
    for lexicon in lexicons(words):
        assert lexicon.wildcard([ord("p"), MANY, ord("7")]) == list(range(7, 5000, 10))
        assert lexicon.wildcard([ord("p"), ONE, ONE]) == list(range(10, 100))
        assert lexicon.wildcard([ord("q"), MANY]) == list(range(5000, 10000))


def test_a_hit_that_runs_from_one_form_into_the_next_is_none() -> None:
    for lexicon in lexicons(["xab", "cab", "abcab", "", "ab", "c"]):
        assert lexicon.wildcard([MANY, *b"abc", MANY]) == [2]


@pytest.mark.parametrize("module", BOTH)
def test_a_pattern_that_backtracks_elsewhere_is_quick(module: Any) -> None:
    file = File([b"a" * 2000 + b"%d" % number for number in range(50)])
    assert file.lexicon(module).wildcard([MANY, ord("a")] * 30 + [MANY, ord("b")]) == []


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=6), max_size=20, unique=True), st.binary(max_size=4), st.integers(0, 2))
def test_bytes_that_are_no_text_do_no_harm(forms: list[bytes], some: bytes, limit: int) -> None:
    """Both kernels say the same of them, whatever it is."""
    answers = []
    for module in BOTH:
        lexicon = File(forms).lexicon(module)
        answers.append([
            [lexicon.find(form) for form in forms],
            *(lexicon.wildcard(list(t)) for t in ([ONE, *some], [MANY, *some, ONE], [*some, ONE, MANY])),
            lexicon.fuzzy("abc", limit, 0, 0),
        ])  # fmt: skip
        lexicon.fuzzy(some.decode("utf-8", "replace"), limit, 0, len(forms))
    assert answers[0] == answers[-1]
    assert answers[0][0] == list(range(len(forms)))


@settings(max_examples=200, deadline=None)
@given(VOCABULARIES, st.data())
def test_look_ups(words: list[str], data: st.DataObject) -> None:
    forms = [word.encode() for word in words]
    first = sorted({0, len(forms), *data.draw(st.lists(st.integers(0, len(forms)), max_size=9))})
    chosen = data.draw(st.lists(st.integers(0, len(forms) - 1), max_size=9)) if forms else []
    file = File(forms, first)
    for module in BOTH:
        lexicon = file.lexicon(module)
        assert [lexicon.form(number) for number in range(len(forms))] == forms
        assert [lexicon.find(form) for form in forms] == list(range(len(forms)))
        assert lexicon.find(b"zz") == -1
        assert lexicon.lines() == b"".join(form + b"\n" for form in forms)
        assert lexicon.lines_of(set(chosen)) == b"".join(forms[number] + b"\n" for number in set(chosen))
        groups = list(pairwise(first))
        stems = [lexicon.stem_of(number) for number in range(len(forms))]
        assert all(groups[stem][0] <= number < groups[stem][1] for number, stem in enumerate(stems))
        expected = {
            stem: bytes(number in chosen for number in range(*groups[stem])) for stem in {stems[at] for at in chosen}
        }
        assert lexicon.by_stem(chosen) == expected
        for wrong in (lexicon.form, lexicon.stem_of, lexicon.lines_of):
            with pytest.raises(IndexError):
                wrong([len(forms)] if wrong == lexicon.lines_of else len(forms))


def ask(lexicon: Any) -> None:
    """Every question once, each of which may be answered with Damage."""
    forms = lexicon.forms
    questions: list[Any] = [
        lambda: lexicon.find(b"abc"),
        lambda: lexicon.starting(b"a"),
        lambda: lexicon.wildcard([*b"a", MANY]),
        lambda: lexicon.wildcard([*b"a", MANY, *b"c"]),
        lambda: lexicon.wildcard([MANY, *b"b", MANY]),
        lambda: lexicon.wildcard([ONE, ONE]),
        lambda: [number for number, _ in lexicon.fuzzy("abc", 2, 0, forms)],
        lambda: lexicon.ordered(0, forms),
        lambda: lexicon.by_stem(range(forms)),
        lambda: lexicon.lines(),
        lambda: lexicon.lines_of(lexicon.ordered(0, forms)),
        lambda: [lexicon.form(number) for number in range(forms)],
        lambda: [lexicon.stem_of(number) for number in range(forms)],
    ]
    for question in questions:
        try:
            answer = question()
        except plain.Damage:
            continue
        except kernels.Damage:
            continue
        if isinstance(answer, list) and answer and isinstance(answer[0], int):
            assert max(answer) < forms


@pytest.mark.parametrize("module", BOTH)
def test_forged_numbers_give_damage_and_no_crash(module: Any) -> None:
    random_ = random.Random(2)
    words = sorted({"".join(random_.choices("abc", k=random_.randrange(6))).encode() for _ in range(60)})
    for _ in range(600):
        file = File(words, [*range(0, len(words), 3), len(words)])
        for _ in range(random_.choice((1, 1, 2, 20))):
            numbers = random_.choice((file.ends, file.order, file.first))
            strange = random_.choice((0, 1, 2**31, 2**32 - 1, random_.randrange(300)))
            numbers[random_.randrange(len(numbers))] = strange
        if random_.random() < 0.2:
            random_.shuffle(file.order)
        ask(file.lexicon(module))


@pytest.mark.parametrize("module", BOTH)
@pytest.mark.parametrize("what", ["order beyond", "order twice", "ends descend", "ends beyond", "ends too early"])
def test_each_forgery_is_damage(module: Any, what: str) -> None:
    file = File([b"aa", b"ab", b"ac"])
    if what == "order beyond":
        file.order[1] = 3
    elif what == "order twice":
        file.order[1] = 0
    elif what == "ends descend":
        file.ends[0] = 5
    elif what == "ends beyond":
        file.ends[2] = 2**32 - 1
    else:
        file.ends[2] = 5
    lexicon = file.lexicon(module)
    damage = module.Damage
    for question in (
        lambda: lexicon.fuzzy("ab", 1, 0, 3),
        lambda: lexicon.wildcard([MANY, *b"a"]),
        lambda: lexicon.lines(),
    ):
        with pytest.raises(damage):
            question()


@pytest.mark.parametrize("module", BOTH)
def test_forged_groups_and_newlines_are_damage(module: Any) -> None:
    for first in ([0, 9, 3], [1, 2, 3], [0, 1, 2], [3, 0, 0]):
        lexicon = File([b"aa", b"ab", b"ac"], first).lexicon(module)
        with pytest.raises(module.Damage):
            lexicon.by_stem([0, 1, 2])
    lexicon = File([b"a", b"b\nb"]).lexicon(module)
    for question in (lexicon.lines, lambda: lexicon.lines_of([1])):
        with pytest.raises(module.Damage):
            question()


def test_an_order_that_names_a_long_form_again_and_again_does_not_keep_anybody_busy() -> None:
    file = File([b"ab" * 500_000, *(b"b%d" % number for number in range(4000))])
    file.order = [0] * len(file.order)
    lexicon = file.lexicon(kernels)
    for question in (
        lambda: lexicon.wildcard([*b"a", MANY, *b"c"]),
        lambda: lexicon.lines_of(lexicon.ordered(0, lexicon.forms)),
    ):
        with pytest.raises(kernels.Damage):
            question()


@pytest.mark.parametrize("module", BOTH)
def test_pages_are_verified_before_they_are_read_and_no_others(module: Any) -> None:
    words = [f"{letter}{number:03}".encode() for letter in "ab" for number in range(500)]
    file = File(words)
    # The last page that the forms fill alone; they end with "b499".
    file.bad_pages = {(PAGE + len(file.forms)) // PAGE - 1}
    lexicon = file.lexicon(module)
    assert lexicon.wildcard([*b"a00", MANY]) == list(range(10))
    assert lexicon.wildcard([*b"a", MANY, *b"1"]) == list(range(1, 500, 10))
    for question in (
        lambda: lexicon.form(990),
        lambda: lexicon.fuzzy("a001", 1, 0, 1000),
        lambda: lexicon.wildcard([MANY, *b"1"]),
        lambda: lexicon.lines(),
    ):
        with pytest.raises(IndexDamaged):
            question()


# What follows asks a segment of an index.
BODY = """Police policed policing the policies of politicians; the politician's café, cafés and CAFÉ.
Straße, STRASSE, 9/11, e-mail, O'Brien ⁉ naïve 北京 Łódź aaa aab aba abb baa bab bba bbb ab ba a b 2020 2021 3.14."""


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("forms") / "index"
    with StoreWriter(path) as writer:
        writer.put(Article("1", "", BODY))
        writer.commit()
    return path / "segment-1"


@pytest.fixture(scope="module")
def forms(segment: Path) -> Forms:
    return SegmentReader(segment).forms


def texts(forms: Forms, numbers: list[int]) -> list[str]:
    assert numbers == sorted(set(numbers))
    return sorted(forms.text(number) for number in numbers)


def test_a_segment_is_asked_for_its_forms(segment: Path, forms: Forms) -> None:
    assert SegmentReader(segment).forms.text(forms.find("police")) == "police"
    assert forms.find("polic") == -1
    assert forms.find("") == -1
    assert texts(forms, forms.wildcard(("pol", Wild.MANY, "s"))) == ["policies", "politicians"]
    assert texts(forms, forms.wildcard((Wild.ONE, "a", Wild.ONE))) == ["aaa", "aab", "baa", "bab"]
    assert texts(forms, forms.wildcard(("caf", Wild.ONE))) == ["café"]
    assert texts(forms, forms.wildcard((Wild.MANY, "京"))) == ["京"]
    assert texts(forms, forms.wildcard((Wild.MANY, "", Wild.ONE, Wild.MANY, "a", "b"))) == ["aab", "bab"]
    assert forms.wildcard((Wild.MANY,)) == list(range(len(forms)))
    assert forms.wildcard(("pol\ud800", Wild.MANY)) == []
    assert forms.wildcard(()) == []
    near = {forms.text(number): edits for number, edits in forms.fuzzy("poilce", 2)}
    assert near == {"police": 1, "policed": 2}
    assert [forms.text(number) for number, _ in forms.fuzzy("lódz", 2)] == ["łódź"]
    assert forms.fuzzy("bolice", 1, prefix=1) == []
    assert [forms.text(number) for number, _ in forms.fuzzy("bolice", 1)] == ["police"]
    for distance in (-1, 3):
        with pytest.raises(ValueError, match="0 to 2 edits"):
            forms.fuzzy("police", distance)


def test_many_threads_ask_at_once(segment: Path) -> None:
    """The first questions to a segment verify it; every thread has the same answers, whoever was first."""
    asked = SegmentReader(segment)
    ready = threading.Barrier(8)

    def ask_all(_: int) -> object:
        ready.wait()
        forms, expression = asked.forms, compile_regex(".*[ab]")
        return [
            (forms.wildcard((Wild.MANY, "a", Wild.MANY)), forms.fuzzy("police", 2), forms.regex(expression))
            for _ in range(20)
        ]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask_all, range(8)))
    assert answers == [answers[0]] * 8
    assert all(answers[0][0])  # type: ignore[index]


def test_forms_by_their_stems(segment: Path, forms: Forms) -> None:
    reader = SegmentReader(segment)
    police = forms.by_stem(forms.wildcard(("police", Wild.MANY)))
    (stem,) = police
    assert reader.stems[stem] == b"polic"
    assert forms.stem_of(forms.find("policing")) == stem
    # policing has the stem of police, and is not meant.
    assert sorted(police[stem]) == [0, 1, 1]
    everything = forms.by_stem(range(len(forms)))
    assert list(everything) == list(range(len(reader.stems)))
    assert b"".join(everything.values()) == b"\1" * len(forms)


def random_expression(random_: random.Random, depth: int = 3) -> str:
    """An expression that Python and RE2 read alike."""
    if depth == 0 or random_.random() < 0.3:
        return random_.choice(["a", "b", "B", "é", ".", "[ab]", "[^a]", "pol", "caf", "\\d", "[a-z]", "ic", "c", "s"])
    kind = random_.randrange(6)
    one = random_expression(random_, depth - 1)
    if kind < 3:
        return one + random_expression(random_, depth - 1)
    if kind == 3:
        return f"(?:{one}|{random_expression(random_, depth - 1)})"
    if kind == 4:
        return f"{one}|{random_expression(random_, depth - 1)}"
    return f"(?:{one}){random_.choice(['*', '+', '?', '{2}', '{1,3}', '*?'])}"


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("", True), ("$", True), ("^", True),
        ("police", True), ("^POL.*$", True), (".*?i.+é", True), ("...", True), ("3\\.14", True),
        ("polic.?", False), ("polices*", False), ("p[o]lice", False), ("(police)", False), ("\\wolice", False),
        ("a|b", False), ("straße", False), ("a{1}", False), ("a^", False), ("$a", False), ("\\Qa\\E", False),
    ],
)  # fmt: skip
def test_what_wildcards_say_as_well_needs_no_expression(forms: Forms, text: str, exact: bool) -> None:
    compiled = compile_regex(text)
    assert compiled.exact is exact
    found = forms.regex(compiled)
    lines = "".join(forms.text(number) + "\n" for number in range(len(forms)))
    assert found == compiled.matching(lines.encode())


def test_random_regular_expressions_mean_what_they_mean_to_python(forms: Forms) -> None:
    random_ = random.Random(3)
    all_texts = [forms.text(number) for number in range(len(forms))]
    outlines = hits = 0
    for _ in range(2000):
        text = random_expression(random_)
        compiled = compile_regex(text)
        expected = [n for n, word in enumerate(all_texts) if re.fullmatch(text, word, re.IGNORECASE | re.ASCII)]
        assert forms.regex(compiled) == expected, text
        outlines += any(compiled.outline)
        hits += bool(expected)
    assert outlines > 200
    assert hits > 200


STEP = st.tuples(
    st.sampled_from(["a", "B", "c", ".", "\\.", "[a-c]", "[^b]", "[^A-Ck-s]", "[b_]", "\\w", "\\d", "k", "s", "e"]),
    st.sampled_from(["", "", "", "?", "*", "+", "*?", "+?", "??"]),
).map("".join)
SHORT = st.text(st.sampled_from("abck1._-seé北ſ"), max_size=6).filter(lambda word: word == word.casefold())


@settings(max_examples=1500, deadline=None)
@given(st.lists(SHORT, max_size=30, unique=True), st.lists(STEP, max_size=7).map("".join))
def test_steps_mean_what_the_expression_means(words: list[str], text: str) -> None:
    compiled = compile_regex(text)
    assert compiled.steps is not None
    expected = compiled.matching("".join(word + "\n" for word in words).encode())
    for lexicon in lexicons(words):
        numbers = list(range(len(words)))
        for found, others in (
            lexicon.stepped(compiled.steps, 0, len(words)),
            lexicon.stepped(compiled.steps, 0, 0, numbers),
        ):
            assert found == [number for number in expected if words[number].isascii()]
            assert {number for number in expected if not words[number].isascii()} <= set(others)
            assert not any(words[number].isascii() for number in others)


@pytest.mark.parametrize(
    "text", ["(a)", "a|b", "a{2}", "[[:alpha:]]", "\\pL", "é", "a" * 64, "[\\d]", "[-b]", "\\bpolice"]
)
def test_what_is_more_than_steps_is_left_to_the_expression(text: str) -> None:
    assert compile_regex(text).steps is None


def test_wrong_steps_are_refused() -> None:
    for lexicon in lexicons(["a", "b"]):
        for steps, behind in (([(b"a", False, False)] * 64, 2), ([(b"\xc3", False, False)], 2), ([], 3)):
            with pytest.raises(ValueError, match=r"steps|places"):
                lexicon.stepped(steps, 0, behind)


@pytest.mark.parametrize(
    ("text", "outline", "found"),
    [
        ("POLICE.*", "police*", ["police", "policed"]),
        ("^polic(e|ies)$", "polic*", ["police", "policies"]),
        ("police?d?", "polic*", ["police", "policed"]),
        ("policex*", "police*", ["police"]),
        ("police{1}", "polic*", ["police"]),
        ("police|aab", "*", ["aab", "police"]),
        ("(?:police|aab)", "*", ["aab", "police"]),
        ("pol(?:ice|itician)s?", "pol*", ["police", "politician", "politicians"]),
        ("p.l[hi]c\\w", "p?l?c?", ["police"]),
        ("p.+c\\w{1,2}$", "p?*c*", ["police", "policed"]),
        ("(?:x|p)olici(?:es|ng)*", "*olici*", ["policies", "policing"]),
        ("\\pLolic(e)+d*?", "?olic*", ["police", "policed"]),
        ("3\\.14", "3.14", ["3.14"]),
        ("3.14", "3?14", ["3.14"]),
        ("po\\x6cice", "*", ["police"]),
        ("po\\x{6c}ice", "po*ice", ["police"]),
        ("po\\154ice", "*", ["police"]),
        ("\\Qpolice\\E", "*", ["police"]),
        ("\\Qpolice", "*", ["police"]),
        ("[|]|police", "*", ["police"]),
        ("(?i)police", "*police", ["police"]),
        ("(?-i)Police", "*police", []),
        ("(?P<who>pol)ice", "*ice", ["police"]),
        ("\\pL+é", "?*é", ["café"]),
        ("CAFÉ", "café", ["café"]),
        ("STRASSE", "strasse", ["strasse"]),
        ("\\bpolice\\b", "*police*", ["police"]),
        ("[^b-z]*", "*", ["aaa", "2020", "2021", "3.14", "9", "11", "a", "!?", "京", "北"]),
        ("", "", []),
        ("^$", "", []),
        ("\\n", "*", []),
    ],
)
def test_regular_expressions(forms: Forms, text: str, outline: str, found: list[str]) -> None:
    compiled = compile_regex(text)
    assert compiled.text == text
    held = "".join("*" if part is None else part or "?" for part in compiled.outline)
    assert re.sub(r"\*+", "*", held) == outline
    present = [word for word in found if forms.find(word) >= 0]
    assert len(present) >= len(found) // 2
    assert texts(forms, forms.regex(compiled)) == sorted(present)


@pytest.mark.parametrize(
    ("text", "position", "sentence"),
    [
        ("po(li(ce)", 2, "opened and never closed"),
        ("police)(", 6, "closed that was never opened"),
        ("po[li", 2, "opened and never closed: [li"),
        ("po**", 2, "cannot be repeated without brackets: **"),
        ("*a", 0, "nothing stands before this"),
        ("pol(?=ice)", 3, "nothing looks ahead or behind"),
        ("(p)\\1", 3, "no references to groups: \\1"),
        ("po[z-a]", 3, "no such class or range of characters: z-a"),
        ("\\p{Klingon}", 0, "no such class or range of characters"),
        ("po\\", 2, "ends with a backslash"),
        ("(a{1000}){1000}", None, "at most 1,000 turns"),
        ("a{1001}", 1, "at most 1,000 turns"),
        ("\\pL{1000}", None, "too large"),
        ("(((\\pL{10}){10}){10}){1}", None, "too large"),
        ("\\Apolice", 0, "leave out \\A"),
        ("police\\z", 6, "leave out \\z"),
        ("pol\\Cce", 3, "write a full stop"),
        ("(?m)^police", 0, "leave the m out"),
        ("p(?-mi:olice)", 1, "leave the m out"),
        ("a" * (LONGEST + 1), LONGEST, "at most 1,000 characters, and this has 1,001"),
        ("po\ud800", 2, "half a character"),
        ("(" * LONGEST, LONGEST - 1, "opened and never closed"),
    ],
)
def test_an_expression_without_a_meaning_is_refused_with_a_sentence(
    text: str, position: int | None, sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RegexError) as error:
        compile_regex(text)
    assert isinstance(error.value, ValueError)
    assert sentence in str(error.value)
    assert error.value.position == position
    assert capfd.readouterr() == ("", "")


@settings(max_examples=1500, deadline=None)
@given(st.text(st.sampled_from([*"ab()[]{}|*+?.^$\\,-:<>PQEpLxzmiU=!019", "é", "\n", "\0"]), max_size=14))
def test_any_text_is_an_expression_or_an_error_of_its_own(forms: Forms, text: str) -> None:
    try:
        compiled = compile_regex(text)
    except RegexError:
        return
    found = forms.regex(compiled)
    # Without the short cuts over the words that have the same letters, and over steps, the same is found.
    compiled.outline, compiled.exact, compiled.steps = [None], False, None
    assert forms.regex(compiled) == found


@pytest.mark.parametrize("name", ["forms", "forms.ends", "forms.sorted", "forms.first"])
def test_a_damaged_section_is_never_read(segment: Path, tmp_path: Path, name: str) -> None:
    content = bytearray(segment.read_bytes())
    offset, size = opened(bytes(content))[1]["sections"][name]
    content[offset + size // 2] ^= 1
    (tmp_path / "segment-1").write_bytes(content)
    broken = SegmentReader(tmp_path / "segment-1").forms
    with pytest.raises(IndexDamaged):
        broken.by_stem(broken.wildcard((Wild.MANY, "e", Wild.MANY)))
    if name != "forms.first":
        with pytest.raises(IndexDamaged):
            broken.fuzzy("police", 2)
        with pytest.raises(IndexDamaged):
            broken.regex(compile_regex(".*"))


def test_a_forged_section_is_damage_of_its_file(segment: Path, tmp_path: Path) -> None:
    data, facts = opened(segment.read_bytes())
    offset, _ = facts["sections"]["forms.sorted"]
    data[offset : offset + 4] = struct.pack("<I", 2**31)
    (tmp_path / "segment-1").write_bytes(sealed(data, facts))
    forged = SegmentReader(tmp_path / "segment-1").forms
    for question in (
        lambda: forged.fuzzy("police", 1),
        lambda: forged.wildcard((Wild.MANY, "a")),
        lambda: forged.regex(compile_regex(".*")),
    ):
        with pytest.raises(IndexDamaged, match="segment-1"):
            question()
    facts["sections"]["forms.sorted"][1] -= 4
    (tmp_path / "segment-1").write_bytes(sealed(data, facts))
    with pytest.raises(IndexDamaged, match="not of one length"):
        _ = SegmentReader(tmp_path / "segment-1").forms
