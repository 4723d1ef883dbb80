"""Five other systems' queries become our trees: what each text is in canonical text."""

from __future__ import annotations

import datetime

import pytest

from searchkit.query import canonical, parse
from searchkit.query.dialects import DIALECTS

TODAY = datetime.date(2020, 3, 10)

NEXIS = {
    "police": "police",
    "pride parade": '"pride parade"',
    "pride parade police": '"pride parade police"',
    '"peas and carrots"': '"peas and carrots"',
    "police AND pride and mayor": "(police AND pride AND mayor)",
    "police & pride": "(police AND pride)",
    "pride or parade march": '(pride OR "parade march")',
    "police w/5 pride": "(police NEAR/5 pride)",
    "police /5 pride": "(police NEAR/5 pride)",
    "police W/5 pride": "(police NEAR/5 pride)",
    "police near/5 pride": "(police NEAR/5 pride)",
    "southwest pre/2 air or airline": "(southwest PRE/2 (air OR airline))",
    "police +2 pride": "(police PRE/2 pride)",
    "police onear/2 pride": "(police PRE/2 pride)",
    "police w/s pride": "(police w/s pride)",
    "police /p pride": "(police w/p pride)",
    "police w/para pride": "(police w/p pride)",
    "police pre/s pride": "(police PRE/s pride)",
    "a w/s b w/p c": "((a w/s b) w/p c)",
    "a w/p b w/s c": "(a w/p (b w/s c))",
    "a w/s b w/5 c": "(a w/s (b NEAR/5 c))",
    "a w/25 b w/5 c": "(a NEAR/25 (b NEAR/5 c))",
    "a w/5 b w/25 c": "((a NEAR/5 b) NEAR/25 c)",
    "a w/5 b w/5 c": "((a NEAR/5 b) NEAR/5 c)",
    # The two examples of LexisNexis's own help.
    "bankrupt! w/25 discharg! and not student or college or education! w/5 (loan and scholarship)": (
        "((bankrupt* NEAR/25 discharg*) NOT ((student OR college OR education*) NEAR/5 (loan AND scholarship)))"
    ),
    "school W/25 liab! AND rugby OR football OR game W/10 injur!": (
        "((school NEAR/25 liab*) AND ((rugby OR football OR game) NEAR/10 injur*))"
    ),
    "a and not b": "(a NOT b)",
    "a and b and not c and d": "((a AND b) NOT (c AND d))",
    "a and not b and not c": "(a NOT b NOT c)",
    "a but not b": "(a NOT b)",
    "a not b": "(a NOT b)",
    "not a": "(* NOT a)",
    "polic!": "polic*",
    "wom*n": "wom?n",
    "int???et": "int???et",
    "bank** and x": "(/bank.{0,2}/ AND x)",
    "w*m**": "/w.m.{0,2}/",
    "e-mail*": '"e /mail.{0,1}/"',
    '"new york!"': '"new york*"',
    "straß**": "/strass.{0,2}/",
    "atleast5(police or cop)": "ATLEAST/5 (police OR cop)",
    "ATL3(police)": "ATLEAST/3 police",
    "headline(a and b)": "title:(a AND b)",
    "HEADLINE ( a w/5 b ) and c": "(title:(a NEAR/5 b) AND c)",
    "body(a) or byline(john smith)": '(body:a OR author:"john smith")',
    "publication(new york times)": 'source:"new york times"',
    "section(sport) and language(english or german)": "(section:sport AND language:(en OR de))",
    "hlead(police w/5 pride)": "FIRST/100 (police NEAR/5 pride)",
    "lead(police)": "body:(FIRST/100 police)",
    "company (apple or pear)": "(company PRE/1 (apple OR pear))",
    "(a or b) c": "((a OR b) PRE/1 c)",
    "a and date(is 2020)": "(a AND date:2020)",
    "a and date aft 3/1/2020": "(a AND date:2020-03-02..)",
    "a and date bef 12/31/2020 and b": "(a AND date:..2020-12-30 AND b)",
    "date(geq (3/1/2020) and leq (3/9/2020))": "(date:2020-03-01.. AND date:..2020-03-09)",
    "date geq 2020-03-01": "date:2020-03-01..",
    "date <= 2020-03-01": "date:..2020-03-01",
    "date = 3/13/2020": "date:2020-03-13",
    "date is 13/3/2020": "date:2020-03-13",
    "date(03/01/2020 to 03/09/2020)": "date:2020-03-01..2020-03-09",
    "save the date": '"save the date"',
    "AT&T or 9/11": "(AT&T OR 9/11)",
    "police~2 =x a^3": r'"police\~2 x a\^3"',
}
FACTIVA = {
    "police": "police",
    # From the examples of the Factiva Developer's Kit.
    "bill clinton": '"bill clinton"',
    "bill clinton or gore and george bush": '("bill clinton" OR (gore AND "george bush"))',
    '"peas and carrots"': '"peas and carrots"',
    "president w/2 clinton": "(president PRE/2 clinton)",
    "World Cup adj5 rugby": '("World Cup" PRE/5 rugby)',
    "carrefour near5 retail sales": '(carrefour NEAR/5 "retail sales")',
    "boeing 747/N30/british airways": '("boeing 747" NEAR/30 "british airways")',
    "toyota/F50/": "FIRST/50 toyota",
    "vodafone same telecommunications": "(vodafone w/p telecommunications)",
    "atleast5 microsoft": "ATLEAST/5 microsoft",
    "hl=northern ireland and td=peace agreement": '(title:"northern ireland" AND body:"peace agreement")',
    "police w5 pride": "(police PRE/5 pride)",
    "police w/ pride": "(police PRE/1 pride)",
    "police adj pride": "(police PRE/1 pride)",
    "police n5 pride": "(police NEAR/5 pride)",
    "new york/f20/ and police": '(FIRST/20 "new york" AND police)',
    "(a or b)/F50/": "FIRST/50 (a OR b)",
    "a and b or c and d": "((a AND b) OR (c AND d))",
    "a or b not c and d": "(a OR ((b NOT c) AND d))",
    "a and b not c": "(a AND (b NOT c))",
    "a and not b": "(a NOT b)",
    "a or b w/3 c": "(a OR (b PRE/3 c))",
    "a near3 b adj c": "((a NEAR/3 b) PRE/1 c)",
    "a same b near3 c": "((a w/p b) NEAR/3 c)",
    "atleast5 new york and x": '(ATLEAST/5 "new york" AND x)',
    "x and [a or b]": "(x AND (a OR b))",
    "chariot* or col$r": "(chariot* OR col*r)",
    "engineer$3 pay": '"/engineer.{0,3}/ pay"',
    "wom?n": "wom?n",
    "hd=crisis": "title:crisis",
    "hd=(a or b) not by=smith": "(title:(a OR b) NOT author:smith)",
    "hd=a near5 b or c": "(title:(a NEAR/5 b) OR c)",
    'by="john smith" and la=en': '(author:"john smith" AND language:en)',
    "la=german": "language:de",
    "rst=bbc or sn=financial times": '(source:bbc OR source:"financial times")',
    "hlp=crisis": "FIRST/100 crisis",
    "lp=crisis": "body:(FIRST/100 crisis)",
    "police and date from 20200301 to 20200309": "(police AND date:2020-03-01..2020-03-09)",
    "date after 20200301 and police": "(date:2020-03-02.. AND police)",
    "date before 20200301": "date:..2020-02-29",
    "date 20200301": "date:2020-03-01",
    "date from -14 to 0": "date:2020-02-25..2020-03-10",
    "date after -7": "date:2020-03-04..",
    '"closing date" and bids': '("closing date" AND bids)',
    "closing date": '"closing date"',
    "AT&T's or e-mail": "(AT&T's OR e-mail)",
}
WESTLAW = {
    "police": "police",
    "car automobile": "(car OR automobile)",
    "car automobile or truck": "(car OR automobile OR truck)",
    "narcotics & warrant": "(narcotics AND warrant)",
    "narcotics and warrant": "(narcotics AND warrant)",
    '"attractive nuisance"': '"attractive nuisance"',
    # The example of Westlaw's own help.
    "tax taxation % income /3 tax taxation": "((tax OR taxation) NOT (income NEAR/3 (tax OR taxation)))",
    "personal /3 jurisdiction": "(personal NEAR/3 jurisdiction)",
    "capital +3 gain": "(capital PRE/3 gain)",
    "20 +5 1080": "(20 PRE/5 1080)",
    "design /s defect": "(design w/s defect)",
    "attorney +s fee": "(attorney PRE/s fee)",
    "hearsay /p utterance": "(hearsay w/p utterance)",
    "ti(burke +p burke)": "title:(burke PRE/p burke)",
    "a b /5 c d": "((a OR b) NEAR/5 (c OR d))",
    "a b & c d": "((a OR b) AND (c OR d))",
    "a /3 b +3 c": "(a NEAR/3 (b PRE/3 c))",
    "a +3 b /3 c": "((a PRE/3 b) NEAR/3 c)",
    "a /s b /3 c": "(a w/s (b NEAR/3 c))",
    "a /s b +s c": "(a w/s (b PRE/s c))",
    "a /p b +s c": "(a w/p (b PRE/s c))",
    "a /p b +p c": "(a w/p (b PRE/p c))",
    "a & b /p c": "(a AND (b w/p c))",
    "a & b % c & d": "((a AND b) NOT (c AND d))",
    "a but not b": "(a NOT b)",
    "obey!": "obey*",
    "fea*t": "fea?t",
    "jur**": "/jur.{0,2}/",
    "#damage willful": "(=damage OR willful)",
    'police "e-mail!"': '(police OR "e mail*")',
    "ATLEAST5(police)": "ATLEAST/5 police",
    "te(a b) & au(smith)": "(body:(a OR b) AND author:smith)",
    "so(post) & police": "(source:post AND police)",
    "la(french) & police": "(language:fr AND police)",
    "lp(crisis)": "body:(FIRST/100 crisis)",
    "depreciat! & da(aft 4/15/2005)": "(depreciat* AND date:2005-04-16..)",
    "da(aft 1985 & bef 2008)": "(date:1986-01-01.. AND date:..2007-12-31)",
    "da(aft 1985 and bef 2008)": "(date:1986-01-01.. AND date:..2007-12-31)",
    "da(aft jan 1, 2008)": "date:2008-01-02..",
    "da(3-1-2008)": "date:2008-03-01",
    "da(2005 2006)": "(date:2005 OR date:2006)",
    "police so(post)": "(police OR source:post)",
    "AT&T 9/11": "(AT&T OR 9/11)",
    "who is?": "(who OR is)",
}
GOOGLE = {
    "police": "police",
    "pride parade": "(pride AND parade)",
    "pride AND parade": "(pride AND parade)",
    "pride and parade": "(pride AND and AND parade)",
    "vacation london OR paris": "(vacation AND (london OR paris))",
    "london OR paris vacation": "((london OR paris) AND vacation)",
    "a|b | c": "(a OR b OR c)",
    "(a OR b) (c OR d)": "((a OR b) AND (c OR d))",
    "jaguar speed -car": "((jaguar AND speed) NOT car)",
    'jaguar -"fast car" -(a b)': '(jaguar NOT "=fast =car" NOT (a AND b))',
    "-car": "(* NOT car)",
    '"climate change"': '"=climate =change"',
    '"climate"': "=climate",
    "“climate change”": '"=climate =change"',
    '"to be * to be"': '("=to =be" PRE/2 "=to =be")',
    '"three * * mice * run"': "((=three PRE/3 =mice) PRE/2 =run)",
    '"* mice"': "=mice",
    "oil AROUND(2) production": "(oil NEAR/3 production)",
    '"steve jobs" AROUND(9) (gates OR bill)': '("=steve =jobs" NEAR/10 (gates OR bill))',
    "a around(3) b": "(a AND around AND 3 AND b)",
    "intitle:police parade": "(title:police AND parade)",
    'intitle:"police parade"': 'title:"=police =parade"',
    "intitle:(a OR b) -intitle:c": "(title:(a OR b) NOT title:c)",
    "allintitle:police parade": "title:(police AND parade)",
    "(allintitle:a b) OR c": "(title:(a AND b) OR c)",
    "intext:a inurl:b": "(body:a AND url:b)",
    "allintext:a b": "body:(a AND b)",
    "site:bbc.co.uk -site:b.com": "(url:bbc.co.uk NOT url:b.com)",
    "site:a.com OR site:b.com": "(url:a.com OR url:b.com)",
    "source:new_york_times police": '(source:"new york times" AND police)',
    "source:bbc source:cnn": "(source:bbc AND source:cnn)",
    "police before:2020-03-01": "(police AND date:..2020-02-29)",
    "police after:2020-03-01": "(police AND date:2020-03-02..)",
    "police after:2018 before:2020": "(police AND date:2018-01-01.. AND date:..2019-12-31)",
    "+police ~food": "(police AND food)",
    "three * mice": "(three AND mice)",
    "climat* change": "(climat* AND change)",
    "what? who!": "(what AND who)",
    "police: three https://x.org/a": r"(police AND three AND https\://x.org/a)",
    r"AT&T a\b": r"(AT&T AND a\\b)",
    "e-mail": "e-mail",
}
LUCENE = {
    "police": "police",
    "pride parade": "(pride OR parade)",
    "pride OR parade": "(pride OR parade)",
    "pride || parade": "(pride OR parade)",
    "pride AND parade": "(pride AND parade)",
    "pride && parade": "(pride AND parade)",
    "pride and parade": "(pride OR and OR parade)",
    "+a b -c": "((a AND (b OR *)) NOT c)",
    "+a +b": "(a AND b)",
    "a NOT b": "(a NOT b)",
    "a !b": "(a NOT b)",
    "a - b": "(a NOT b)",
    "a b NOT c": "((a OR b) NOT c)",
    "a OR NOT b": "(a NOT b)",
    "a AND NOT b": "(a NOT b)",
    "a AND -b": "(a NOT b)",
    "a AND +b": "(a AND b)",
    "NOT a AND b": "(b NOT a)",
    "-a b": "(b NOT a)",
    "NOT a": "(* NOT a)",
    "a AND b OR c": "((a AND b) OR c)",
    "a OR b AND c": "(a OR (b AND c))",
    "a b AND c": "(a OR (b AND c))",
    "(a OR b) AND c": "((a OR b) AND c)",
    "title:(a b) body:c": "(title:(a OR b) OR body:c)",
    "title:(+a -b)": "title:(a NOT b)",
    "-title:a b": "(b NOT title:a)",
    'title:"a b"~4': 'title:"a b"~4',
    "police source:bbc": "(police OR source:bbc)",
    "police AND source:bbc": "(police AND source:bbc)",
    "date:[2020-03-01 TO 2020-03-09]": "date:2020-03-01..2020-03-09",
    "date:{2020-03-01 TO *}": "date:2020-03-02..",
    "+a +date:2020": "(a AND date:2020)",
    "roam~ roam~1 roam~2": "(roam~2 OR roam~1 OR roam~2)",
    "te?t test* *ing": "(te?t OR test* OR *ing)",
    "/[mb]oat/": "/[mb]oat/",
    "jakarta^4 apache": "(jakarta^4 OR apache)",
    "(a b)^2.5 -c": "((a OR b)^2.5 NOT c)",
    "*:*": "*",
    "*:* -a": "(* NOT a)",
    "_exists_:author": "author:*",
    "_exists_:date": "date:..",
    "author:*": "author:*",
    r"a\:b \(c\) \-d": r"(a\:b OR c OR d)",
    "=a w/5 b": '(a OR "w/5" OR b)',
    '"climat* change"': '"climat* change"',
}
MEANINGS = {"nexis": NEXIS, "factiva": FACTIVA, "westlaw": WESTLAW, "google": GOOGLE, "lucene": LUCENE}
ALL = [(name, text, meaning) for name, texts in MEANINGS.items() for text, meaning in texts.items()]


def meaning_of(text: str, dialect: str) -> str:
    return canonical(parse(text, dialect=dialect, today=TODAY).tree)


@pytest.mark.parametrize(("dialect", "text", "meaning"), ALL, ids=[f"{name}: {text}" for name, text, _ in ALL])
def test_a_query_of_a_dialect_is_this_query_of_ours(dialect: str, text: str, meaning: str) -> None:
    assert meaning_of(text, dialect) == meaning
    assert parse(meaning, today=TODAY).tree == parse(text, dialect=dialect, today=TODAY).tree


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_has_at_least_thirty_queries(dialect: str) -> None:
    assert len(MEANINGS[dialect]) >= 30


# The same text is not the same question.
@pytest.mark.parametrize(
    ("text", "nexis", "factiva", "westlaw"),
    [
        ("a b", '"a b"', '"a b"', "(a OR b)"),
        ("a or b and c", "((a OR b) AND c)", "(a OR (b AND c))", "((a OR b) AND c)"),
        ("a and b or c", "(a AND (b OR c))", "((a AND b) OR c)", "(a AND (b OR c))"),
        ("a w/5 b", "(a NEAR/5 b)", "(a PRE/5 b)", "(a NEAR/5 b)"),
        ("a w/5 b or c", "(a NEAR/5 (b OR c))", "((a PRE/5 b) OR c)", "(a NEAR/5 (b OR c))"),
        ("a w/9 b w/5 c", "(a NEAR/9 (b NEAR/5 c))", "((a PRE/9 b) PRE/5 c)", "((a NEAR/9 b) NEAR/5 c)"),
        ("a and b not c and d", "((a AND b) NOT (c AND d))", "(a AND (b NOT c) AND d)", "((a AND b) NOT (c AND d))"),
        ("a b w/5 c d", '("a b" NEAR/5 "c d")', '("a b" PRE/5 "c d")', "((a OR b) NEAR/5 (c OR d))"),
        ("a or b c", '(a OR "b c")', '(a OR "b c")', "(a OR b OR c)"),
        ("wom*n", "wom?n", "wom*n", "wom?n"),
        ("atleast2(a b)", 'ATLEAST/2 "a b"', 'ATLEAST/2 "a b"', "ATLEAST/2 (a OR b)"),
    ],
)  # fmt: skip
def test_the_same_text_means_three_things(text: str, nexis: str, factiva: str, westlaw: str) -> None:
    assert meaning_of(text, "nexis") == nexis
    assert meaning_of(text, "factiva") == factiva
    assert meaning_of(text, "westlaw") == westlaw


@pytest.mark.parametrize(
    ("text", "google", "lucene"),
    [
        ("a b", "(a AND b)", "(a OR b)"),
        ("a b OR c", "(a AND (b OR c))", "(a OR b OR c)"),
        ("a -b c", "((a AND c) NOT b)", "((a OR c) NOT b)"),
        ('"a b"', '"=a =b"', '"a b"'),
        ("a? b*", "(a AND b*)", "(a? OR b*)"),
    ],
)
def test_the_web_and_the_library_differ(text: str, google: str, lucene: str) -> None:
    assert meaning_of(text, "google") == google
    assert meaning_of(text, "lucene") == lucene
