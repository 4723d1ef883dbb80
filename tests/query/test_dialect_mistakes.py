"""What other systems have and we cannot say is refused with its column; what differs is said, where it matters."""

from __future__ import annotations

import datetime
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.errors import QueryError, UsageError
from searchkit.query import canonical, parse
from searchkit.query.dialects import DIALECTS, grammar_of

TODAY = datetime.date(2020, 3, 10)

MISTAKES = [
    ("nexis", "a w/seg b", 3, "same segment"),
    ("nexis", "a /seg b", 3, "same segment"),
    ("nexis", "rico not w/5 puerto", 6, "cannot be asked for"),
    ("nexis", "a and caps(AIDS)", 7, "asks for capitals"),
    ("nexis", "allcaps(AIDS)", 1, "asks for capitals"),
    ("nexis", "plural(cat)", 1, "one number of a word"),
    ("nexis", "a or singular(cat)", 6, "one number of a word"),
    ("nexis", "a and company(apple)", 7, "no segment “company”"),
    ("nexis", "police date aft 2020", 8, "Join it with AND|phrase here"),
    ("nexis", "a w/5 date(is 2020)", 12, "no place in a text"),
    ("nexis", "a and date aft", 12, "nothing follows “aft”"),
    ("nexis", "date(is 2/30/2020)", 11, "29 days"),
    ("nexis", "date(aft (3/1/2020 x))", 20, "should close here"),
    ("nexis", "a w/0 b", 3, "between 1 and 10,000"),
    ("nexis", "a and", 3, "nothing follows “and”"),
    ("nexis", "and a", 1, "nothing stands before"),
    ("nexis", "! and a", 1, "stands for no word"),
    ("nexis", "a or atleast5 b", 6, "needs parentheses"),
    ("nexis", "headline(a body(b))", 12, "body stands within headline"),
    ("nexis", "(a or b", 1, "never closed"),
    ("factiva", "fds=ibm", 1, "no field “fds”"),
    ("factiva", "a and wc>500", 7, "how long an article is"),
    ("factiva", "hd= europe", 1, "nothing follows “hd=”"),
    ("factiva", "president % clinton", 11, "one word in Factiva"),
    ("factiva", "closing date and bids", 14, "a date was expected"),
    ("factiva", "a and date after 3/4/2020", 18, "two ways"),
    ("factiva", "police date 20200301", 8, "phrase here"),
    ("factiva", "a and upd after 20200301", 7, "day of a change"),
    ("factiva", "atleast0 a", 1, "between 1 and 10,000"),
    ("factiva", "a/F0/", 2, "between 1 and"),
    ("factiva", "a same date 20200301", 8, "no place in a text"),
    ("factiva", "[a or b", 1, "never closed"),
    ("westlaw", "pr(x)", 1, "no field “pr”"),
    ("westlaw", 'a & pr,ca("capital gain")', 5, "no field “pr,ca”"),
    ("westlaw", "ad(aft 2020)", 1, "when an article was added"),
    ("westlaw", "a % & b", 5, "nothing stands before “&”"),
    ("westlaw", "a /3 da(2020)", 9, "no place in a text"),
    ("westlaw", "atleast5 police", 1, "needs parentheses"),
    ("westlaw", "da(aft)", 4, "nothing follows “aft”"),
    ("westlaw", "da(bef 2/30/2020)", 10, "29 days"),
    ("westlaw", "a %", 3, "nothing follows “%”"),
    ("google", "intitel:x", 1, "no operator “intitel:”"),
    ("google", "police filetype:pdf", 8, "not known of an article"),
    ("google", "a -b OR c", 3, "not plain what this - belongs to"),
    ("google", "a OR -b", 6, "Use parentheses|within an operator's operand"),
    ("google", "a 1..100", 3, "range of numbers"),
    ("google", "before:x", 8, "not a date"),
    ("google", "a intitle:", 3, "nothing follows “intitle:”"),
    ("google", 'a "b', 3, "never closed"),
    ("google", f'"a{" * a" * 65}"', 1, "64 levels"),
    ("google", "OR a", 1, "nothing stands before “OR”"),
    ("lucene", "title:[a TO b]", 7, "only days have one"),
    ("lucene", "a {a TO b}", 3, "only days have one"),
    ("lucene", "a word~0.8", 3, "letters that differ are counted"),
    ("lucene", "word~3", 5, "at most 2 letters"),
    ("lucene", "title:-a", 7, "cannot stand behind a field"),
    ("lucene", "_exists_:title", 1, "cannot be asked whether it exists"),
    ("lucene", "colour:red", 1, "no field “colour”"),
    ("lucene", "a AND", 3, "nothing follows “AND”"),
    ("lucene", "a OR OR b", 6, "nothing stands before “OR”"),
    ("lucene", "/a(b/", 3, "never closed"),
]


@pytest.mark.parametrize(
    ("dialect", "text", "column", "message"), MISTAKES, ids=[f"{name}: {text}" for name, text, *_ in MISTAKES]
)
def test_what_cannot_be_said_is_refused_with_a_column(dialect: str, text: str, column: int, message: str) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        parse(text, dialect=dialect, today=TODAY)
    assert caught.value.column == column
    assert caught.value.hint or "must lie between" in caught.value.message


NOTICES = [
    ("nexis", "police", []),
    ("nexis", "police w/5 pride and mayor", []),
    ("nexis", "a or b or c", []),
    ("nexis", "(a or b) w/5 c", []),
    ("nexis", "pride parade and a b", [(1, "a phrase in Nexis")]),
    ("nexis", "a w/5 b or c", [(9, "“or” binds tighter than “w/5” in Nexis")]),
    ("nexis", "a or b and c or d", [(3, "“or” binds tighter than “and”")]),
    ("nexis", "a w/s b w/5 c", [(9, "“w/5” binds tighter than “w/s”")]),
    ("nexis", "a and not b and c", [(13, "“and” binds tighter than “and not”")]),
    ("nexis", "date aft 3/1/2020", [(10, "2020-03-01: the month stands first")]),
    ("nexis", "date aft 3/13/2020", []),
    ("nexis", "bank* or tank*", [(1, "one letter or none")]),
    ("nexis", "language(english)", [(10, "looked for as “en”")]),
    ("nexis", "hlead(a)", [(1, "first 100 words")]),
    ("nexis", "body (a or b)", [(1, "“body” is the segment")]),
    ("nexis", "-police", [(1, "a - before a word says nothing in Nexis")]),
    ("nexis", "not a", [(1, "every other article is found")]),
    ("factiva", "a near5 b and c or d", []),
    ("factiva", "a w/5 b w/3 c", [(3, "w/5 keeps the order of its words")]),
    ("factiva", "a adj5 b", []),
    ("factiva", "bill clinton", [(1, "a phrase in Factiva")]),
    ("factiva", "rst=bbc", [(1, "name of the source")]),
    ("factiva", "a and b not c", []),
    ("westlaw", "car automobile", []),
    ("westlaw", "a b & c", []),
    ("westlaw", "a b /5 c", [(3, "a blank binds tighter than “/5”")]),
    ("westlaw", "a or b & c", [(3, "“or” binds tighter than “&”")]),
    ("westlaw", "police so(post)", [(8, "one of several to choose from")]),
    ("westlaw", "police & so(post)", []),
    ("westlaw", "so(a) so(b)", []),
    ("westlaw", "fea*t", [(1, "one character in Westlaw")]),
    ("google", "police", []),
    ("google", "police -pride before:2020", []),
    ("google", "pride parade police", [(1, "must have all words")]),
    ("google", "a OR b", []),
    ("google", "a (b OR c) -d", [(1, "must have all words")]),
    ("google", '"a b"', [(1, "as they are written")]),
    ("google", "site:bbc.co.uk", [(1, "anywhere in it")]),
    ("google", "+a", [(1, "passed over")]),
    ("google", "~a", [(1, "passed over")]),
    ("google", "a AROUND(5) b", [(3, "NEAR/6")]),
    ("google", "after:2018", [(1, "begins on its first day")]),
    ("google", "climat*", [(1, "Google knows no endings")]),
    ("google", "NOT", [(1, "a word like any other")]),
    ("lucene", "a b", []),
    ("lucene", "a OR b -c", []),
    ("lucene", "a AND b", []),
    ("lucene", "(a AND b) OR c", []),
    ("lucene", "a AND b OR c", [(3, "AND is read before OR")]),
    ("lucene", "a b AND c", [(5, "AND is read before OR")]),
    ("lucene", "police source:bbc", [(8, "source: is one of several")]),
    ("lucene", "+police +source:bbc", []),
    ("lucene", "a~", [(1, "two letters in Lucene")]),
    ("lucene", "police~", []),
    ("lucene", '"a b"~4', [(1, "how far words are moved")]),
    ("lucene", '"climat* change"', [(1, "none there")]),
    ("lucene", "/a~b/", [(1, "read by RE2")]),
    ("lucene", "-a -b", [(2, "every other article is found")]),
    ("lucene", "=a", [(1, "passed over")]),
    ("lucene", "a - b", [(3, "also behind a blank")]),
]


@pytest.mark.parametrize(
    ("dialect", "text", "expected"), NOTICES, ids=[f"{name}: {text}" for name, text, _ in NOTICES]
)
def test_what_differs_is_said_where_it_matters(dialect: str, text: str, expected: list[tuple[int, str]]) -> None:
    found = parse(text, dialect=dialect, today=TODAY).notices
    assert [notice.column for notice in found] == [column for column, _ in expected], found
    for notice, (_, said) in zip(found, expected, strict=True):
        assert said in notice.text


def test_an_unknown_dialect_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match="no dialect 'lexis'") as caught:
        parse("police", dialect="lexis")
    assert caught.value.hint == "Known: factiva, google, lucene, nexis, westlaw."
    assert not isinstance(caught.value, QueryError)


def test_all_words_can_be_required_only_where_a_blank_says_nothing_else() -> None:
    assert canonical(parse("a b", dialect="lucene", require_all=True).tree) == "(a AND b)"
    assert canonical(parse("a b", dialect="google", require_all=True).tree) == "(a AND b)"
    for dialect in ("nexis", "factiva", "westlaw"):
        with pytest.raises(UsageError, match=f"cannot all be required in {dialect.capitalize()}"):
            parse("a b", dialect=dialect, require_all=True)


def test_a_grammar_bears_the_name_it_is_asked_for_by() -> None:
    assert [grammar_of(name).name for name in DIALECTS] == list(DIALECTS)


def test_no_dialect_is_imported_before_it_is_asked_for() -> None:
    program = (
        "import sys; from searchkit.query import parse; parse('a OR b'); "
        "assert not [name for name in sys.modules if 'dialects' in name]; parse('a', dialect='nexis'); "
        "print(sorted(name.rpartition('.')[2] for name in sys.modules if 'query.dialects.' in name))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['comparing', 'fields', 'lexing', 'nexis']"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_operators_within_each_other_are_limited(dialect: str) -> None:
    for text in (
        "(" * 65 + "a" + ")" * 65,
        "a and " + "".join(f"a w/{5000 - number} " for number in range(3000)) + "a",
        "NOT " * 3000 + "a",
    ):
        try:
            parse(text, dialect=dialect, today=TODAY)
        except QueryError as error:
            assert "64 levels" in error.message


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_word_more_takes_no_longer_than_the_one_before(dialect: str) -> None:
    text = "a or b and c " * 15_000
    tree = parse(text, dialect=dialect, today=TODAY).tree
    assert canonical(tree)


_PIECES = (
    r'a b* c! d$3 e? ( ) [ ] " and or not AND OR NOT w/5 /s +p w5 adj same near5 atleast2 /F9/ date date( '
    r"aft 3/1/2020 -7 hd= ti( headline title: - + ! * % & | #x ~ ^2 /a/ AROUND(3) allintitle: before:2020 "
    r"source:a_b [a {b} TO _exists_:author \ =x １ é** “"
)
_ONE = st.sampled_from([*_PIECES.split(), "but not", "headline (", "[a TO b]", "\0"])
_TEXTS = st.lists(st.tuples(_ONE, st.sampled_from(["", " "])), max_size=12)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(pieces=_TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_text_gives_a_tree_or_a_positioned_error(dialect: str, pieces: list[tuple[str, str]]) -> None:
    text = "".join(piece + blank for piece, blank in pieces)
    try:
        query = parse(text, dialect=dialect, today=TODAY)
    except QueryError as error:
        assert 1 <= error.column <= len(text) + 1
        assert error.message
        return
    assert all(1 <= notice.column <= len(text) for notice in query.notices)
    assert [notice.column for notice in query.notices] == sorted(notice.column for notice in query.notices)
    assert parse(canonical(query.tree), today=TODAY).tree == query.tree


@pytest.mark.parametrize("text", ["½$3", "İclimat$3", "*\u202eclimat$3"])
def test_letters_that_fold_to_signs_are_no_broken_expression(text: str) -> None:
    meaning = parse(text, dialect="factiva").tree
    assert parse(canonical(meaning)).tree == meaning
