"""The formats of agencies: how they are known, and what hostile, broken and huge files of theirs do to a reader."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from searchkit.article import KINDS, Article, Problem
from searchkit.readers.anpa import read_anpa
from searchkit.readers.format import Reader, Source, UnreadableError
from searchkit.readers.formats import BY_NAME
from searchkit.readers.iptc7901 import read_iptc7901
from searchkit.readers.json_records import read_json
from searchkit.readers.newsml_1 import read_newsml_1
from searchkit.readers.newsml_g2 import read_newsml_g2
from searchkit.readers.ninjs import is_ninjs
from searchkit.readers.nitf import read_nitf
from searchkit.readers.prose import introduced
from searchkit.readers.recognition import recognized

CASES = Path(__file__).parent / "cases"
READERS: dict[str, tuple[Reader, str]] = {
    "nitf": (read_nitf, "nitf-agency"),
    "nitf-several": (read_nitf, "nitf-several"),
    "newsml-g2": (read_newsml_g2, "newsml-g2-message"),
    "newsml-1": (read_newsml_1, "newsml-1-nested"),
    "ninjs": (read_json, "ninjs-1"),
    "anpa": (read_anpa, "anpa-log"),
    "iptc7901": (read_iptc7901, "iptc-7901-log"),
}
ANPA = (
    b"\x16\x16\x01z0001\x1f-----\r\nr s\x14\x11 bc-park 02-20 0012\r\n"
    b"\x02\tThe park opened.\r\n\x03AP-NY-02-20-99 1200EST<\x04"
)
IPTC = b"\x01eca0001 4 s 8\r\nPark/\r\n\x02Short=\r\nA text.\r\n\x03211259 Nov 18\r\n"


def read(reader: Reader, data: bytes) -> list[Article | Problem]:
    """Everything that a reader gives, and the reason why it gave up as one more problem."""
    source = Source(io.BufferedReader(io.BytesIO(data)), "/a", "a")
    items: list[Article | Problem] = []
    try:
        items.extend(reader(source))
    except UnreadableError as error:
        items.append(Problem(source.origin(error.place), error.reason, kind=error.kind))
    except RecursionError:
        items.append(Problem(source.origin(), "is nested too deeply", kind="limit"))
    return items


def nitf(text: str) -> bytes:
    return f"<nitf><head><title>T</title></head><body><body.content>{text}</body.content></body></nitf>".encode()


@pytest.mark.parametrize("which", READERS)
@given(data=st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_bytes_give_articles_and_problems(which: str, data: bytes) -> None:
    for item in read(READERS[which][0], data):
        assert isinstance(item, Article) or item.kind in KINDS


@pytest.mark.parametrize("which", READERS)
@given(choose=st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_file_gives_articles_and_problems(which: str, choose: st.DataObject) -> None:
    reader, case = READERS[which]
    (file,) = (CASES / case).glob("input.*")
    data = file.read_bytes()
    start = choose.draw(st.integers(0, len(data)))
    end = choose.draw(st.integers(start, min(len(data), start + 200)))
    damaged = data[:start] + choose.draw(st.binary(max_size=20)) + data[end:]
    for item in read(reader, damaged):
        assert isinstance(item, Article) or item.kind in KINDS
        if isinstance(item, Article):
            assert item.title or item.body
            assert all("\n" not in text for note in item.notes for text in note)


@pytest.mark.parametrize(
    ("name", "sample", "told"),
    [
        ("a.xml", b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x -->\n<nitf>", "NITF"),
        ("a.xml", b"<response><n:nitf xmlns:n='x'>", "NITF"),
        ("a", b"<newsMessage xmlns='x'>", "NewsML-G2"),
        ("a.txt", b"<g:packageItem xmlns:g='x'>", "NewsML-G2"),
        ("a.xml", b"<contentSet>", "NewsML-G2"),
        ("a.xml", b"<NewsML Version='1.2'>", "NewsML 1.2"),
        ("a.xml", b"<NewsItem><Identification/></NewsItem>", "NewsML 1.2"),
        ("a.txt", ANPA, "ANPA 1312"),
        ("a.tst", b"\r\n\x00\x00\x16\x16" + ANPA, "ANPA 1312"),
        ("wire.2007", ANPA.lstrip(b"\x16"), "ANPA 1312"),
        ("a.txt", IPTC, "IPTC 7901"),
        ("noname", b"\x16\x16\x16\r\n" + IPTC, "IPTC 7901"),
        ("noname", b"ZCZC\r\nWire 1\r\n" + IPTC, "IPTC 7901"),
        ("a.anpa", b"Nothing of that kind.", "ANPA 1312"),
        ("a.txt", b"ZCZC\r\nYY TDA\r\nA text of a telex.", "plain text"),
    ],
)
def test_recognition(name: str, sample: bytes, told: str) -> None:
    assert recognized(name, sample).name == told


def test_padding_before_a_message_is_not_binary(read_bytes) -> None:
    (article,) = read_bytes("a.txt", b"\x00" * 64 + b"\r\n" + ANPA)
    assert (article.body, article.date.isoformat()) == ("The park opened.", "1999-02-20")
    assert [item.reason for item in read_bytes("b.anpa", b"No message.")] == [
        "holds no message of a wire (no start of a header)"
    ]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("utf-8", "Die Fähre fährt für drei Gäste – „ganz früh“."),
        ("latin-1", "Die Fähre fährt für drei Gäste, ganz früh."),
        ("cp1252", "It’s the ferry’s first day – “at last”, the café’s owner said."),
        ("cp437", "Die Fähre fährt für drei Gäste, ganz früh."),
        ("cp850", "À la mer, le père de l'élève a fêté ça très tôt."),
    ],
)
def test_the_characters_of_a_wire(page: str, text: str) -> None:
    message = IPTC.replace(b"A text.", text.encode(page))
    (article,) = read(read_iptc7901, message)
    assert isinstance(article, Article)
    assert article.body == text


def test_a_year_of_two_digits_is_none_before_the_format_was() -> None:
    days = []
    for year in (b"79", b"99", b"00", b"24", b"1985"):
        (article,) = read(read_iptc7901, IPTC.replace(b"Nov 18", b"Nov " + year))
        assert isinstance(article, Article)
        days.append(article.date.isoformat() if article.date else "")
    assert days == ["1979-11-21", "1999-11-21", "2000-11-21", "2024-11-21", "1985-11-21"]


def test_entities_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    declared = {
        "external": f'<!DOCTYPE nitf [<!ENTITY a SYSTEM "{secret.as_uri()}">]>'.encode() + nitf("<p>&a;</p>"),
        "parameter": f'<!DOCTYPE nitf [<!ENTITY % a SYSTEM "{secret.as_uri()}"> %a;]>'.encode() + nitf("<p>b</p>"),
        "attribute": b'<!DOCTYPE nitf [<!ENTITY a "b">]><nitf baselang="&a;&a;"><body><p>x</p></body></nitf>',
    }
    for data in declared.values():
        (problem,) = read(read_nitf, data)
        assert isinstance(problem, Problem)
        assert problem.reason == "declares entities of its own, which are not followed"
    (article,) = read(
        read_nitf, f'<!DOCTYPE nitf SYSTEM "{secret.as_uri()}">'.encode() + nitf("<p>b&nbsp;c &copy;</p>")
    )
    assert isinstance(article, Article)
    assert article.body == "b c ©"


def test_laughs_in_an_attribute() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    data = f'<!DOCTYPE nitf [<!ENTITY l0 "ha">{laughs}]><nitf baselang="&l9;"><body><p>x</p></body></nitf>'
    (problem,) = read(read_nitf, data.encode())
    assert isinstance(problem, Problem)
    assert problem.reason == "declares entities of its own, which are not followed"


def test_what_is_nested_too_deeply() -> None:
    deep = 100_000
    for data, reader in (
        (nitf("<b>" * deep + "x" + "</b>" * deep), read_nitf),
        (b"<newsItem><contentSet>" + b"<a>" * deep, read_newsml_g2),
        (b"<NewsML><NewsItem>" + b"<NewsComponent>" * deep, read_newsml_1),
        (b"<a>" * deep, read_nitf),
    ):
        (problem,) = read(reader, data)
        assert isinstance(problem, Problem)
        assert (problem.reason, problem.kind) == ("is nested too deeply", "limit")
    records = '[{"uri": "urn:1", "headline": "One", "body_text": "Text."},\n'
    items = read(read_json, (records + '{"uri": "urn:2", "pubstatus": "usable", "bodies": ' + "[" * deep).encode())
    assert [item.title for item in items if isinstance(item, Article)] == ["One"]
    problems = [(item.origin.place, item.reason) for item in items if isinstance(item, Problem)]
    assert problems == [("record 2", "is nested too deeply")]


def test_what_is_too_large() -> None:
    whole = nitf("<p>Whole.</p>")
    for large, reason in (
        (b"x" * (11 << 20), "has an item of more than 8 MiB"),
        (b"<p>" + b"y" * 4000 + b"</p>", "has an item of more than 8 MiB"),
    ):
        times = 1 if large.startswith(b"x") else (17 << 20) // len(large)
        items = read(read_nitf, b"<all>" + whole + b"<nitf><body>" + large * times + b"</body></nitf></all>")
        assert [item.body for item in items if isinstance(item, Article)] == ["Whole."]
        (problem,) = [item for item in items if isinstance(item, Problem)]
        assert (problem.reason, problem.kind) == (reason, "limit")


def test_a_message_that_does_not_end_is_too_large() -> None:
    items = read(read_anpa, ANPA + ANPA.replace(b"The park", b"x" * (17 << 20)))
    assert isinstance(items[-1], Problem)
    assert (items[-1].reason, items[-1].kind) == ("has a message of more than 16 MiB", "limit")


@pytest.mark.parametrize(
    ("reader", "data"),
    [
        (read_anpa, b"\x01" + b"a " * 200_000 + b"\x02text\x03"),
        (read_anpa, b"\x01z0001\x1f\r\n\x02" + b"x" * 400_000 + b"\x18\x03"),
        (read_iptc7901, b"\x01eca0001 4 s 8\r\n\x02" + b"a   b\r\n" * 50_000 + b"\x03" + b"123456 " * 50_000),
        (read_nitf, b"<nitf><![CDATA[" + b"</nitf><nitf>" * 20_000 + b"]]></nitf>"),
        (
            read_newsml_g2,
            b"<newsMessage>"
            + b"<a/>" * 50_000
            + b"<newsItem><contentMeta><headline>a</headline></contentMeta></newsItem>" * 4000,
        ),
        (
            read_newsml_1,
            b"<NewsML><NewsItem><NewsComponent><NewsLines>"
            + b"<KeywordLine>a</KeywordLine>" * 10_000
            + b"</NewsLines>"
            + b"<NewsComponent><NewsLines><HeadLine>a</HeadLine></NewsLines><ContentItem><DataContent>b</DataContent>"
            b"</ContentItem></NewsComponent>" * 4000 + b"</NewsComponent></NewsItem></NewsML>",
        ),
    ],
)
def test_hostile_files_take_seconds_and_not_minutes(reader: Reader, data: bytes) -> None:
    """Each was once quadratic: at these lengths that is minutes."""
    assert read(reader, data)


def test_recognition_of_padding_is_quick() -> None:
    for padding in (b" ", b"\x00", b"\n", b"ZCZC\n"):
        assert recognized("a.txt", padding * (65536 // len(padding))).name == "plain text"


def test_many_items_are_a_stream() -> None:
    """The first article is there before the second half of a file has been read."""
    item = b'<newsItem guid="urn:%d"><contentSet><inlineData>Text of the item.</inlineData></contentSet></newsItem>'
    data = (
        b"<newsMessage><itemSet>" + b"".join(item % number for number in range(20_000)) + b"</itemSet></newsMessage>"
    )
    stream = io.BytesIO(data)
    items = read_newsml_g2(Source(io.BufferedReader(stream), "/a", "a"))
    first = next(items)
    assert isinstance(first, Article)
    assert first.id == "urn:0"
    assert stream.tell() < len(data) / 2
    assert sum(isinstance(item, Article) for item in items) == 19_999


def test_a_document_of_xml_that_is_none_of_the_format() -> None:
    for reader, name in ((read_nitf, "NITF"), (read_newsml_g2, "NewsML-G2"), (read_newsml_1, "NewsML 1")):
        (problem,) = read(reader, b"<other><p>text</p></other>")
        assert isinstance(problem, Problem)
        assert (problem.reason, problem.kind) == (f"is XML, but holds no item of {name}", "format")


def test_utf_16_is_read_whatever_it_declares() -> None:
    text = '<?xml version="1.0" encoding="ISO-8859-1"?><nitf><head><title>Łódź</title></head></nitf>'
    for encoding in ("utf-16", "utf-16-le", "utf-8-sig"):
        (article,) = read(read_nitf, text.encode(encoding))
        assert isinstance(article, Article)
        assert article.title == "Łódź"


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("uri type versioncreated headline", True),
        ("uri versionCreated pubStatus headlines bodies", True),
        ("guid headline byline slugline body_html", True),
        ("uri headline body_text", True),
        ("uri title body date", False),
        ("uri lang isDuplicate date time dateTime sim url title body source authors image", False),
        ("headline byline body_text pubstatus", False),
        ("uri headline byline slugline text", False),
        ("id title text", False),
    ],
)
def test_a_record_of_ninjs_is_known_by_its_keys(keys: str, told: bool) -> None:
    assert is_ninjs(tuple(keys.split())) is told


def test_ninjs_in_an_envelope(read_bytes) -> None:
    record = {"uri": "urn:1", "type": "text", "headline": "One", "body_text": "Text.", "versioncreated": "2024-05-09"}
    data = json.dumps({"total": 1, "items": [record]}).encode()
    (article,) = read_bytes("a.json", data)
    assert (article.id, article.title, article.body) == ("urn:1", "One", "Text.")


def test_the_formats_are_in_the_table() -> None:
    for name in ("NITF", "NewsML-G2", "NewsML 1.2", "ANPA 1312", "IPTC 7901"):
        assert callable(BY_NAME[name].load())


def test_what_comes_before_a_text_is_as_clean_as_the_text() -> None:
    """A second headline once brought control characters of its wire into the body."""
    assert introduced("The story.", "A second\x00 headline\x02", "the STORY") == "A second headline\n\nThe story."
