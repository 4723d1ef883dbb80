"""Bytes of every origin come out as the text that was meant, or are refused by name."""

from __future__ import annotations

import gzip
import io

import pytest

from searchkit.article import Article, Problem
from searchkit.readers.decoding import chunks, lines, read_whole
from searchkit.readers.guessing import guess

# A sentence or two in the manner of a newspaper, and the encodings in which it may come.
ENCODED = [
    ("Le président a déclaré que l'économie était menacée. « Nous ferons face », dit-il.", "cp1252"),
    ("Der Minister erklärte in München, dass die Maßnahmen für die Bürger nötig seien.", "latin-1"),
    ("The mayor’s office said “we will act” – the café owner disagreed.", "cp1252"),
    ("It cost £50 at the café.", "latin-1"),
    ("El niño llegó a la estación mañana, según informó la policía.", "latin-1"),
    ("The mayor’s office said “we will act” — the café owner disagreed.", "mac_roman"),
    ("Prezydent powiedział w środę, że rząd podejmie działania. Źródła potwierdzają tę wiadomość.", "cp1250"),
    (
        "Předseda vlády řekl ve středu, že přijme opatření na ochranu prostředí. Účastníci včera souhlasili.",
        "cp1250",
    ),
    ("Başbakan çarşamba günü yaptığı açıklamada hükümetin önlemler alacağını söyledi.", "cp1254"),
    ("A kormányfő szerdán közölte, hogy intézkedéseket hoznak. Az ellenzék űrlapokat gyűjtött.", "cp1250"),
    ("Ministras trečiadienį pareiškė, kad imsis priemonių. Žmonės džiaugiasi šiąja žinia.", "cp1257"),
    ("Perché è così? La città ha già deciso: più scuole, più libertà, e lunedì si vedrà.", "cp1252"),
    ("Þingið samþykkti lögin í gær og sagði ráðherrann að þetta væri góður dagur.", "cp1252"),
    ("Президент сообщил в среду, что правительство примет меры по защите среды.", "cp1251"),
    ("Президент сообщил в среду, что правительство примет меры по защите среды.", "koi8_r"),
    ("Ο πρωθυπουργός δήλωσε την Τετάρτη ότι η κυβέρνηση θα λάβει μέτρα.", "cp1253"),
    ("ראש הממשלה אמר ביום רביעי כי הממשלה תנקוט צעדים להגנת הסביבה", "cp1255"),
    ("قال رئيس الوزراء يوم الأربعاء إن الحكومة ستتخذ إجراءات لحماية البيئة", "cp1256"),
    ("首相は水曜日、政府が環境保護のための措置を講じると述べた。東京で会議が開かれた。", "shift_jis"),
    ("首相は水曜日、政府が環境保護のための措置を講じると述べた。東京で会議が開かれた。", "euc_jp"),
    ("总理星期三表示，政府将采取措施保护环境。北京举行了会议。", "gb18030"),
    ("總理星期三表示，政府將採取措施保護環境。台北舉行了會議。", "big5"),
    ("총리는 수요일 정부가 환경 보호를 위한 조치를 취할 것이라고 말했다.", "euc_kr"),
]
# A few words, as a title or a line of a table has them.
SHORT = [
    *[(text, "cp1252") for text in ("Für Müller", "Große Straße gesperrt", "Hyvää päivää", "Åsa och Örjan åkte")],
    *[(text, "cp1252") for text in ("Öffentliche Ausschreibung: Ärzte für Köln", "Où êtes-vous ?", "¿Qué pasó?")],
    *[
        (text, "cp1252")
        for text in ("L’été à Orléans…", "A situação não é fácil", "It costs £5 and €6", "Virtù e civiltà")
    ],
    *[(text, "cp1252") for text in ("Äiti lähti töihin", "Rød grød med fløde", "Beyoncé’s new album", "Järvenpää")],
    *[
        (text, page)
        for page in ("cp1250", "iso8859-2")
        for text in ("Kraków i Gdańsk są piękne", "Zażółć gęślą jaźń")
    ],
    *[(text, page) for page in ("cp1250", "iso8859-2") for text in ("Dnes večer prší v Plzni", "Jó reggelt, Győr!")],
    *[(text, page) for page in ("cp1251", "koi8_r", "iso8859-5") for text in ("Привет, как дела?", "Москва")],
    ("“We won’t,” she said", "mac_roman"),
    ("Αθήνα", "cp1253"),
    ("ראש הממשלה אמר ביום", "cp1255"),
]
MARKED = ["utf-8-sig", "utf-16", "utf-32"]
BINARY = [
    (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "a PNG image"),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a JPEG image"),
    (b"GIF89a\x01\x00", "a GIF image"),
    (b"\x7fELF\x02\x01\x01\x00", "an ELF program"),
    (b"SQLite format 3\x00\x10\x00", "an SQLite database"),
    (b"ID3\x04\x00\x00\x00\x00", "an MP3 recording"),
    (b"\x00\x00\x00\x18ftypmp42", "an MP4 film or recording"),
    (b"RIFF\x24\x00\x00\x00WAVEfmt ", "a WAV recording"),
    (b"Some text, then\x00nothing", "it holds NUL bytes"),
    (bytes(range(14, 27)) * 9, "it is full of control characters"),
]


def buffered(data: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(data), 1 << 16)


@pytest.mark.parametrize(("text", "encoding"), ENCODED, ids=[f"{e}-{t[:8]}" for t, e in ENCODED])
def test_an_encoding_is_found_in_a_whole_text(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    assert data.decode(guess(data)) == text
    assert read_whole(buffered(data)) == text


@pytest.mark.parametrize(("text", "encoding"), SHORT, ids=[f"{e}-{t[:8]}" for t, e in SHORT])
def test_an_encoding_is_found_in_a_few_words(text: str, encoding: str) -> None:
    """A short German text was once taken for that of an old Mac."""
    data = text.encode(encoding)
    assert data.decode(guess(data)) == text


def test_long_lines_cost_no_more_than_their_length() -> None:
    """A page on one line, with a broken byte at its end, once took time in the square of its length."""
    assert guess(b"x" * 1_000_000 + "für".encode("cp1252")) == "cp1252"
    assert guess((b"x" * 50_000 + b"\n") * 20 + "Gdańsk są".encode("cp1250")) == "cp1250"


@pytest.mark.parametrize(("text", "encoding"), ENCODED, ids=[f"{e}-{t[:8]}" for t, e in ENCODED])
def test_an_encoding_is_found_line_by_line(text: str, encoding: str) -> None:
    data = "\n".join(["plain ASCII first", text, text, ""]).encode(encoding)
    assert list(lines(buffered(data))) == [(1, "plain ASCII first"), (2, text), (3, text)]
    assert "".join(chunks(buffered(data))) == f"plain ASCII first\n{text}\n{text}\n"


@pytest.mark.parametrize("encoding", [*MARKED, "utf-16-le", "utf-16-be"])
def test_unicode_is_known_by_its_mark_or_by_its_zeros(encoding: str) -> None:
    text = "The café\nopened – early.\n" * 400
    data = text.encode(encoding)
    assert read_whole(buffered(data)) == text
    assert "".join(chunks(buffered(data))) == text
    assert [line for _, line in lines(buffered(data))] == text.splitlines()


def test_one_bad_line_does_not_garble_the_others() -> None:
    data = "Žluťoučký kůň\n".encode() + "café\n".encode("latin-1") + "naïve ’quote’\n".encode()
    assert [line for _, line in lines(buffered(data))] == ["Žluťoučký kůň", "café", "naïve ’quote’"]


def test_damaged_utf8_stays_utf8() -> None:
    data = ("Žluťoučký kůň úpěl ďábelské ódy. " * 3).encode() + b"\xc5"
    assert read_whole(buffered(data)) == "Žluťoučký kůň úpěl ďábelské ódy. " * 3 + "\ufffd"


def test_all_newlines_are_one() -> None:
    assert read_whole(buffered(b"a\r\nb\rc\nd")) == "a\nb\nc\nd"
    assert list(lines(buffered(b"a\r\nb\rc\n\nd"))) == [(1, "a"), (2, "b"), (3, "c"), (4, ""), (5, "d")]


@pytest.mark.parametrize(("data", "kind"), BINARY, ids=[kind for _, kind in BINARY])
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.csv.gz", "noname"])
def test_binary_files_are_refused_by_name(name: str, data: bytes, kind: str, read_bytes) -> None:
    if name.endswith(".gz"):
        data = gzip.compress(data)
    (problem,) = read_bytes(name, data)
    assert isinstance(problem, Problem)
    assert problem.reason == f"looks binary ({kind})"


@pytest.mark.parametrize("text", ["ID3 is a tag.", "BZhang won.", "MZ is short for Mozambique.", "PAR1 x"])
def test_words_that_look_like_magic_are_words(text: str, read_bytes) -> None:
    (article,) = read_bytes("a.txt", text.encode())
    assert isinstance(article, Article)
    assert article.body == text
