"""Web archives, MHTML and mail where the fixtures do not reach: packed, cut, large, and any bytes at all."""

from __future__ import annotations

import base64
import gzip
import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from searchkit.article import Article, Problem
from searchkit.readers import HeavyError, Reading
from searchkit.readers.format import RECORD_LIMIT, Source, UnreadableError
from searchkit.readers.formats import BY_NAME
from searchkit.readers.mail import read_mailbox

STORY = (
    b"<p>The council said on Monday that it would close the old bridge for the whole of the summer, as was asked.</p>"
)
PAGE = (
    b"<!DOCTYPE html><html><head><title>Bridge</title></head><body><article>"
    + STORY * 3
    + b"</article></body></html>"
)
MINE = ("HTML", "MHTML", "WARC", "mail", "mailbox")


def crawl(count: int, *, packed: bool, page: bytes = PAGE, coding: str = "") -> bytes:
    """An archive of ``count`` responses, each record packed alone where it is packed."""
    records = []
    for number in range(count):
        fields = f"Content-Type: text/html\r\n{f'Content-Encoding: {coding}' if coding else 'X-Nothing: 1'}\r\n"
        content = f"HTTP/1.1 200 OK\r\n{fields}\r\n".encode() + page
        head = (
            f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/2020/03/0{number % 9 + 1}/x\r\n"
            f"WARC-Date: 2022-02-02T02:02:02Z\r\nContent-Type: application/http\r\nContent-Length: {len(content)}"
        )
        record = f"{head}\r\n\r\n".encode() + content + b"\r\n\r\n"
        records.append(gzip.compress(record) if packed else record)
    return b"".join(records)


@pytest.mark.parametrize("packed", [False, True])
def test_an_archive_plain_and_packed(packed: bool, read_bytes) -> None:
    items = read_bytes("a.warc.gz" if packed else "a", crawl(3, packed=packed))
    assert [(item.id, str(item.date)) for item in items] == [
        (f"{'a.warc.gz' if packed else 'a'}#{number}", f"2020-03-0{number}") for number in (1, 2, 3)
    ]
    assert all(name in ("captured", "date from", "language from") for item in items for name, _ in item.notes)


def test_the_path_of_an_archive_is_the_day_of_the_crawl_and_of_no_article(tmp_path: Path) -> None:
    data = crawl(1, packed=False).replace(b"/2020/03/01/x", b"/aaaaa/bb/cc/")
    source = Source(io.BufferedReader(io.BytesIO(data)), "/crawls/2021/05/04/a.warc", "2021/05/04/a.warc")
    (article,) = BY_NAME["WARC"].read(source)
    assert article.date is None


def test_a_cut_archive_gives_what_it_holds(read_bytes) -> None:
    whole = crawl(5, packed=True)
    items = read_bytes("a.warc.gz", whole[: len(whole) - 100])
    assert sum(isinstance(item, Article) for item in items) == 4
    assert isinstance(items[-1], Problem)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "gzip, identity"])
def test_what_is_said_to_be_packed_and_is_not_is_taken_as_it_is(coding: str, read_bytes) -> None:
    (article,) = read_bytes("a.warc", crawl(1, packed=False, coding=coding))
    assert article.title == "Bridge"


def test_a_page_that_unfolds_without_end_is_one_problem(read_bytes) -> None:
    bomb = gzip.compress(b" " * (RECORD_LIMIT + 100))
    problem, article = read_bytes("a.warc", crawl(1, packed=False, page=bomb, coding="gzip") + crawl(1, packed=False))
    assert (problem.kind, article.title) == ("limit", "Bridge")


def test_a_mailbox_is_read_message_by_message() -> None:
    message = (
        b"From a@b.example Mon Mar  9 12:00:00 2020\nSubject: S\n\n"
        + (b"Some words of a mail. " * 20 + b"\n") * 250
        + b"\n"
    )

    class Endless(io.RawIOBase):
        left = 300

        def readable(self) -> bool:
            return True

        def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
            if not self.left:
                return 0
            self.left -= 1
            buffer[: len(message)] = message
            return len(message)

    tracemalloc.start()
    stream = io.BufferedReader(Endless(), 1 << 18)
    count = sum(isinstance(item, Article) for item in read_mailbox(Source(stream, "/a.mbox", "a.mbox")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 300
    assert peak < 10 << 20


def test_a_message_that_is_too_large_is_one_problem(read_bytes) -> None:
    mark = b"From a@b.example Mon Mar  9 12:00:00 2020\nSubject: S\n\n"
    data = mark + b"x\n\n" + mark + b"y" * (RECORD_LIMIT + 1) + b"\n\n" + mark + b"z\n"
    first, problem, last = read_bytes("a.mbox", data)
    assert (first.body, problem.kind, last.body) == ("x", "limit", "z")


@pytest.mark.parametrize(
    "mail",
    [
        b"Subject: =?utf-8?B?////?= =?nonsense?Q?a=?=\n\nText",
        b"Subject: \xff\xfe raw\nFrom: <<<>>>,,;;(((\n\nText",
        b"Subject: a\nContent-Type: text/plain; charset=\"rot13\"\n\nText",
        b"Subject: a\nContent-Type: text/plain; charset*=utf-8''%FF\n\nText",
        b"Subject: a\nContent-Transfer-Encoding: base64\n\nVGV4dA=",
        b"Subject: a\nContent-Type: multipart/mixed\n\nText",
        b"Subject: a\nDate: " + b"(" * 5000 + b"\n\nText",
    ],
)  # fmt: skip
def test_a_strange_mail_is_read_all_the_same(mail: bytes, read_bytes) -> None:
    items = read_bytes("a.eml", mail)
    assert [item.body for item in items if isinstance(item, Article)] == ["Text"]


def test_parts_in_parts_without_end_are_left(read_bytes) -> None:
    deep = b"Subject: a\n" + b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(3000)
    )
    assert all(isinstance(item, (Article, Problem)) for item in read_bytes("a.eml", deep + b"\nText"))


def fragments() -> Iterator[bytes]:
    yield from (
        b"WARC/1.0\r\n",
        b"WARC-Type: response\r\n",
        b"Content-Length: 20\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"\r\n",
    )
    yield from (
        b"WARC-Target-URI: http://[\r\n",
        b"Content-Type: text/html\r\n",
        b"From a 10:00 2020\n",
        b"\n\n",
        PAGE,
    )
    yield from (
        b"Content-Type: multipart/related; boundary=a\n",
        b"--a\n",
        b"--a--",
        b"Subject: =?a?b?c?=\n",
        b"\xff\x00",
    )
    yield from (
        b"<html lang=",
        b"<meta name=date content=",
        b"<link rel=canonical href='http://[",
        b"<time>",
        b"<!--",
    )
    yield from (
        b'<script type="application/ld+json">',
        b'{"@type":"Article","author":[{"@id":1}],',
        b"</script>",
        b"&#xd800;",
    )


@pytest.mark.parametrize("name", MINE)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.one_of(st.sampled_from(list(fragments())), st.binary(max_size=40)), max_size=12))
def test_any_bytes_give_articles_and_problems_only(name: str, pieces: list[bytes]) -> None:
    source = Source(io.BufferedReader(io.BytesIO(b"".join(pieces))), "/a", "a")
    try:
        items = list(BY_NAME[name].read(source))
    except UnreadableError:
        return
    assert all(isinstance(item, (Article, Problem)) for item in items)


def mail_with(name: str, kind: str, content: bytes, text: bytes = b"See the file.") -> bytes:
    head = b'Subject: Release\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="a"\n\n--a\n\n' + text
    said = f'\n--a\nContent-Type: {kind}\nContent-Disposition: attachment; filename="{name}"\n\n'.encode()
    return head + said + content + b"\n--a--\n"


def test_what_is_attached_to_a_message_of_a_mailbox_has_its_place(read_bytes) -> None:
    mark = b"From a@b.example Mon Mar  9 12:00:00 2020\n"
    data = mark + mail_with("a.html", "text/html", PAGE) + b"\n" + mark + b"Subject: S\n\nx\n"
    items = read_bytes("a.mbox", data)
    assert [(item.id, item.origin.place) for item in items] == [
        ("a.mbox#1", "record 1"),
        ("a.mbox#1/a.html", "record 1, attached a.html"),
        ("a.mbox#2", "record 2"),
    ]


def test_a_mail_without_a_text_of_its_own_gives_what_is_attached(read_bytes) -> None:
    (article,) = read_bytes("a.eml", mail_with("a.html", "text/html", PAGE, text=b""))
    assert (article.title, article.notes[-1]) == ("Bridge", ("attached to", "Release"))


def test_heavy_attachments_are_for_another_process(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(mail_with("a.html", "text/html", PAGE))
    with pytest.raises(HeavyError):
        list(Reading(path, "a.eml", light=True))
    # A word on the mail itself must not come first: nobody would know any more that it is for another process.
    path.write_bytes(mail_with("a.html", "text/html", PAGE, text=b"See\0 the file."))
    with pytest.raises(HeavyError):
        next(iter(Reading(path, "a.eml", light=True)))
    path.write_bytes(mail_with("a.eml", "message/rfc822", b"Subject: S\n\nThe bridge"))
    with pytest.raises(HeavyError):
        list(Reading(path, "a.eml", light=True))
    path.write_bytes(mail_with("a.txt", "text/plain", b"The bridge"))
    assert len(list(Reading(path, "a.eml", light=True))) == 2


def test_a_mail_that_is_encoded_though_it_may_not_be_is_read(read_bytes) -> None:
    inner = base64.encodebytes(b"Subject: Inner\n\nThe bridge will close.\n")
    data = mail_with("a.eml", "message/rfc822", inner).replace(
        b'filename="a.eml"\n', b'filename="a.eml"\nContent-Transfer-Encoding: base64\n'
    )
    _, article = read_bytes("b.eml", data)
    assert (article.id, article.title, article.body) == ("b.eml/a.eml", "Inner", "The bridge will close.")


def mails_in_mails(count: int) -> bytes:
    data = b"Subject: innermost\n\nText"
    for number in range(count):
        data = mail_with("a.eml", "message/rfc822", data).replace(b'"a"\n', b'"%d"\n' % number)
        data = data.replace(b"\n--a\n", b"\n--%d\n" % number).replace(b"--a--", b"--%d--" % number)
    return data


def test_mails_in_mails_are_read_so_deep_and_no_deeper(read_bytes) -> None:
    *articles, problem = read_bytes("b.eml", mails_in_mails(20))
    assert len(articles) == 8
    assert (problem.kind, problem.reason) == ("archive", "is a mail in more than 7 others, one in the other")
    assert problem.origin.place == ", ".join(["attached a.eml"] * 8)
    (problem,) = read_bytes("b.eml", mails_in_mails(2000))
    assert problem.reason == "is nested too deeply"


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("a.png", "image/png", b"\x89PNG\r\n\x1a\n"),
        ("a.zip", "application/zip", b"PK\x03\x04 a.txt"),
        ("a.ics", "text/calendar", b"BEGIN:VCALENDAR"),
        ("signature", "application/pgp-signature", b"-----BEGIN PGP SIGNATURE-----"),
        ("ATT00001.htm", "text/html", PAGE),
        ("a.txt", "text/plain", b""),
        ("a.txt", "text/plain", b"\x00\x01\x02"),
    ],
)
def test_what_is_no_text_is_only_named(name: str, kind: str, content: bytes, read_bytes) -> None:
    article, *problems = read_bytes("a.eml", mail_with(name, kind, content))
    assert article.notes == (("attached", name),)
    assert len(problems) == (b"\0" in content)
