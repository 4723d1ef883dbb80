"""Whatever bytes a feed, an export, a table or a PDF has, reading it gives articles and problems, within limits."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from searchkit.article import Article, Problem
from searchkit.readers import Settings, open_articles
from searchkit.readers import pdf as pdf_reader
from searchkit.readers.format import Format, Source, UnreadableError

CASES = Path(__file__).parent / "cases"
RSS = "<rss version='2.0'><channel><title>F</title>{}</channel></rss>"
WXR = "<rss version='2.0' xmlns:wp='http://wordpress.org/export/1.2/'><channel>{}</channel></rss>"
BY_NUMBER = "read as the number of the document has it"
READERS = ("feed:read_feed", "json_feed:read_json_feed", "wordpress:read_wordpress", "trec:read_trec",
           "parquet:read_parquet", "pdf:read_pdf")  # fmt: skip


def read(tmp_path: Path, name: str, data: bytes, **set_to: object) -> list[Article | Problem]:
    path = tmp_path / name
    path.write_bytes(data)
    return list(open_articles(path, name, settings=Settings(**set_to)))  # type: ignore[arg-type]


def reasons(items: list[Article | Problem]) -> list[str]:
    return [item.reason for item in items if isinstance(item, Problem)]


def table(**columns: object) -> bytes:
    written = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), written)
    return written.getvalue()


def inputs(*prefixes: str) -> list[bytes]:
    files = sorted(file for prefix in prefixes for file in CASES.glob(f"{prefix}-*/input.*"))
    return [file.read_bytes() for file in files]


SEEDS = {
    "feed": inputs("feed"), "json_feed": inputs("json-feed"), "wordpress": inputs("wordpress"),
    "trec": inputs("trec"), "parquet": inputs("parquet"), "pdf": inputs("pdf"),
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_bytes_give_articles_and_problems_only(reader: str, data: st.DataObject) -> None:
    seeds = SEEDS[reader.partition(":")[0]]
    whole = bytearray(data.draw(st.sampled_from(seeds) | st.binary(max_size=200)))
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, max(len(whole) - 1, 0)), st.integers(0, 255)))):
        if whole:
            whole[place] = byte
    cut = data.draw(st.just(len(whole)) | st.integers(0, len(whole)))
    source = Source(io.BufferedReader(io.BytesIO(bytes(whole[:cut]))), "/made/up", "up")
    try:
        items = list(Format("any", (), reader).read(source))
    except MemoryError:
        pass  # which Reading tells
    except UnreadableError as error:
        assert error.reason
    else:
        for item in items:
            assert isinstance(item, Problem) or item.title or item.body


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE rss [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<?xml version="1.0"?><!-- <rss> --><!DOCTYPE rss [<!-- ]> --><!entity % a "x">]>',
        "<!DOCTYPE rss [" + "\n" * 100_000 + '<!ENTITY a "x">]>',
    ],
)
@pytest.mark.parametrize("name", ["a.rss", "a.wxr"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_never_expanded(name: str, encoding: str, declared: str, tmp_path: Path) -> None:
    document = WXR if name == "a.wxr" else RSS
    items = read(tmp_path, name, (declared + document.format("<item><title>&b;</title></item>")).encode(encoding))
    (reason,) = reasons(items)
    assert len(items) == 1
    assert "entities" in reason or "no root element" in reason or "damaged XML" in reason


def test_an_encoding_that_hides_tags_is_not_believed(tmp_path: Path) -> None:
    hidden = '<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE rss [+ADwAIQ-ENTITY a "x">]>'
    assert reasons(read(tmp_path, "a.rss", (hidden + RSS).encode())) == ["is no XML: it has no root element"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<item/>" * 600_000, "is a feed of more than 500,000 elements"),
        ("<item>" + "<a>" * 10_000, "is nested too deeply"),
    ],
)
def test_a_feed_of_too_many_or_too_deep_elements(body: str, said: str, tmp_path: Path) -> None:
    (problem,) = read(tmp_path, "a.rss", RSS.format(body).encode())
    assert isinstance(problem, Problem)
    assert (problem.reason, problem.kind) == (said, "limit")


@pytest.mark.parametrize("flood", ["<", "<![CDATA[", "&a", "<!--", "\n", "<a b='", "&#"])
def test_floods_of_damage_take_no_time_by_the_square(flood: str, tmp_path: Path) -> None:
    body = f"<item><title>One</title><description>{flood * 200_000}"
    items = read(tmp_path, "a.rss", RSS.format(body).encode())
    assert reasons(items)


def test_latin_1_that_is_declared_as_utf_8(tmp_path: Path) -> None:
    text = '<?xml version="1.0" encoding="utf-8"?>' + RSS.format("<item><title>Café à la crème</title></item>")
    article, problem = read(tmp_path, "a.rss", text.encode("latin-1"))
    assert isinstance(article, Article)
    assert article.title == "Café à la crème"
    assert isinstance(problem, Problem)
    assert problem.reason == "says that it is UTF-8 and is not: it is read as what its bytes look like"


def test_a_feed_in_an_encoding_of_its_own(tmp_path: Path) -> None:
    for encoding in ("windows-1251", "koi8-r", "utf-16"):
        text = f'<?xml version="1.0" encoding="{encoding}"?>' + RSS.format("<item><title>Новости дня</title></item>")
        (article,) = read(tmp_path, "a.rss", text.encode(encoding))
        assert isinstance(article, Article)
        assert article.title == "Новости дня"


def test_an_export_of_one_endless_item(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, "a.wxr", WXR.format("<item>" + "<a/>" * 300_000).encode())
    assert isinstance(problem, Problem)
    assert problem.kind == "limit"


def test_a_table_that_comes_packed(tmp_path: Path) -> None:
    (article,) = read(tmp_path, "a.parquet.gz", gzip.compress(table(title=["One"], text=["t"])))
    assert isinstance(article, Article)
    assert (article.id, article.title) == ("a.parquet.gz#1", "One")


def test_columns_of_a_parquet_table_can_be_mapped(tmp_path: Path) -> None:
    data = table(news=[{"kop": {"main": "Deep"}}], tekst=["t"])
    keys = (("title", "news.kop.main"), ("body", "tekst"), ("url", "adres"))
    *problems, article = sorted(
        read(tmp_path, "a.parquet", data, keys=keys), key=lambda item: isinstance(item, Article)
    )
    assert isinstance(article, Article)
    assert (article.title, article.body) == ("Deep", "t")
    assert reasons(problems) == ["no record has the mapped key 'adres'"]


def test_a_text_that_is_stored_once_and_meant_a_million_times(tmp_path: Path) -> None:
    written = io.BytesIO()
    text = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 100_000, pyarrow.int32()), ["x" * 1_000_000])
    pyarrow.parquet.write_table(pyarrow.table({"text": text}), written, compression="zstd")
    items = read(tmp_path, "a.parquet", written.getvalue(), expansion_from=20_000_000)
    assert reasons(items)[-1].startswith("unfolds to more than 200 times its size")
    assert len(items) <= 22


@pytest.mark.parametrize(
    ("limit", "said"), [("_MOST_PAGES", "has 2 pages"), ("_MOST_CHARACTERS", "has more than 64 MiB of text")]
)
def test_limits_of_a_pdf(limit: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pdf_reader, limit, 1)
    data = (CASES / "pdf-story" / "input.pdf").read_bytes()
    problem, article = read(tmp_path, "a.pdf", data)
    assert isinstance(problem, Problem) and isinstance(article, Article)
    assert problem.kept and problem.kind == "limit"
    assert problem.reason == f"{said}: the first page was read"
    assert "timetable" not in article.body


def test_a_pdf_that_takes_too_long(tmp_path: Path) -> None:
    data = (CASES / "pdf-story" / "input.pdf").read_bytes()
    problem, article = read(tmp_path, "a.pdf", data, seconds=0.0)
    assert isinstance(problem, Problem) and isinstance(article, Article)
    assert problem.reason == "takes more than 0 seconds: the first page was read"


@pytest.mark.parametrize(
    ("number", "stated", "day", "notes"),
    [
        ("WSJ870304-0001", "03/04/87", "1987-03-04", {"date settled": f"'03/04/1987' {BY_NUMBER}"}),
        ("X-1", "03/04/87", "None", {}),
        ("X-1", "870304", "1987-03-04", {}),
        ("LA010189-0001", "January 1, 1989, Sunday, Home Edition", "1989-01-01", {}),
        ("LA010189-0001", "January 1, 1989, Monday, Home Edition", "None", {}),
        ("FBIS4-1", "14 Mar 94", "1994-03-14", {}),
        ("XIE20000101.0001", "", "2000-01-01", {"date from": "the number of the document"}),
        ("AP880230-0001", "", "None", {}),
    ],
)  # fmt: skip
def test_days_of_trec(number: str, stated: str, day: str, notes: dict[str, str], tmp_path: Path) -> None:
    document = f"<DOC><DOCNO>{number}</DOCNO><DATE>{stated}</DATE><TEXT>t</TEXT></DOC>"
    (article,) = [item for item in read(tmp_path, "a.trec", document.encode()) if isinstance(item, Article)]
    assert (str(article.date), dict(article.notes)) == (day, notes)


@pytest.mark.parametrize(
    ("title", "believed"),
    [
        ("Microsoft buys a harbour", True),
        ("Page turns on ferry deal", True),
        ("Microsoft Word - ferry.doc", False),
        ("Layout 1", False),
        ("front_page.indd", False),
        ("untitled", False),
        ("20200309", False),
    ],
)
def test_titles_that_programs_make_are_not_believed(title: str, believed: bool, tmp_path: Path) -> None:
    data = (CASES / "pdf-story" / "input.pdf").read_bytes().replace(b"Second ferry for Harbour Town", title.encode())
    (article,) = read(tmp_path, "a.pdf", data)
    assert isinstance(article, Article)
    assert article.title == (title if believed else "")
