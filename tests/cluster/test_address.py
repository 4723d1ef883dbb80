"""Where a cluster lives is typed; who asks it never is."""

from __future__ import annotations

from pathlib import Path

import pytest

from searchkit.cluster.address import (
    CA_FILE,
    PASSWORD,
    PASSWORD_FILE,
    USER,
    Credentials,
    certificates,
    credentials,
    parse_address,
    replicas,
    shards,
)
from searchkit.errors import UsageError
from searchkit.index import is_cluster, open_index


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (USER, PASSWORD, PASSWORD_FILE, CA_FILE):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("text", "urls", "index"),
    [
        ("opensearch://localhost:9200/news", ("http://localhost:9200",), "news"),
        ("opensearch://localhost/news/", ("http://localhost:9200",), "news"),
        ("opensearch+https://News.Example:443/a.b-c_1", ("https://news.example:443",), "a.b-c_1"),
        ("opensearch://h1:9200,h2:9201,h1:9200/zeitung", ("http://h1:9200", "http://h2:9201"), "zeitung"),
        ("opensearch://[::1]:9200/news", ("http://[::1]:9200",), "news"),
        ("opensearch://10.0.0.7/новости", ("http://10.0.0.7:9200",), "новости"),
    ],
)
def test_an_address_names_hosts_and_an_index(text: str, urls: tuple[str, ...], index: str) -> None:
    address = parse_address(text)
    assert (address.urls, address.index) == (urls, index)
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("opensearch://localhost:9200", "names no index"),
        ("opensearch://localhost:9200/", "names no index"),
        ("opensearch:///news", "no host"),
        ("opensearch://h1,/news", "no host"),
        ("opensearch://local host/news", "no host"),
        ("opensearch://h:99999/news", "no port"),
        ("opensearch://h/News", "capital letters"),
        ("opensearch://h/_all", "begins with '_'"),
        ("opensearch://h/.hidden", "begins with '.'"),
        ("opensearch://h/-news", "begins with '-'"),
        ("opensearch://h/new*", "it has '*'"),
        ("opensearch://h/a,b", "it has ','"),
        # The server reads these as "..", "a/b" and "*".
        ("opensearch://h/%2e%2e", "it has '%'"),
        ("opensearch://h/a%2fb", "it has '%'"),
        ("opensearch://h/%2a", "it has '%'"),
        ("opensearch://h/a\udcffb", "it has "),
        ("opensearch://h/news-000001-load", "the parts of an index"),
        ("opensearch://h/a/b", "it has '/'"),
        ("opensearch://h/a b", "it has ' '"),
        ("opensearch://h/a\nb", "it has"),
        ("opensearch://h/news?x=1", "ends with the name"),
        ("opensearch://h/news-000001", "the parts of an index"),
        ("opensearch://h/news-words", "the parts of an index"),
        ("opensearch://h/news-state", "the parts of an index"),
        ("opensearch://h/" + "n" * 300, "more than 220 bytes"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why.replace("*", r"\*")) as refused:
        parse_address(text)
    assert refused.value.hint


def test_a_password_in_an_address_is_refused_and_never_repeated() -> None:
    with pytest.raises(UsageError, match="no password") as refused:
        parse_address("opensearch+https://editor:geheim@host:9200/news")
    assert "geheim" not in refused.value.message + refused.value.hint
    assert PASSWORD in refused.value.hint


@pytest.mark.parametrize("text", ["http://localhost:9200/news", "https://h/news", "opensearch+http://h/news"])
def test_an_address_of_another_kind_makes_no_folder_of_its_name(text: str) -> None:
    with pytest.raises(UsageError, match="another address"):
        is_cluster(text)
    with pytest.raises(UsageError, match="another address"):
        open_index(text)


@pytest.mark.parametrize("path", ["index", "/tmp/index", Path("index"), "opensearch", "a:b"])
def test_a_folder_is_no_address(path: str | Path) -> None:
    assert not is_cluster(path)


SECURE = parse_address("opensearch+https://news.example/news")


def test_who_asks_stands_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert credentials(SECURE) == Credentials()
    monkeypatch.setenv(USER, "editor")
    with pytest.raises(UsageError, match=f"{USER} is set and {PASSWORD} is not"):
        credentials(SECURE)
    monkeypatch.setenv(PASSWORD, "geheim")
    assert credentials(SECURE) == Credentials("editor", "geheim")


@pytest.mark.parametrize("line", ["editor:ge:heim\n", "editor:ge:heim"])
def test_who_asks_stands_in_a_file_that_nobody_else_may_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    path = tmp_path / "password"
    path.write_text(line)
    monkeypatch.setenv(PASSWORD_FILE, str(path))
    path.chmod(0o640)
    with pytest.raises(UsageError, match="others may read the password") as refused:
        credentials(SECURE)
    assert "chmod 600" in refused.value.hint
    path.chmod(0o600)
    assert credentials(SECURE) == Credentials("editor", "ge:heim")


def test_a_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_FILE, str(tmp_path / "none"))
    with pytest.raises(UsageError, match="cannot be read from"):
        credentials(SECURE)
    monkeypatch.setenv(CA_FILE, str(tmp_path / "none.pem"))
    with pytest.raises(UsageError, match="there is no file"):
        certificates()


def test_a_password_does_not_leave_the_machine_as_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(USER, "editor")
    monkeypatch.setenv(PASSWORD, "geheim")
    with pytest.raises(UsageError, match="plain text"):
        credentials(parse_address("opensearch://news.example/news"))
    with pytest.raises(UsageError, match="plain text"):
        credentials(parse_address("opensearch://localhost,news.example/news"))
    for host in ("localhost", "127.0.0.1:9201", "[::1]"):
        assert credentials(parse_address(f"opensearch://{host}/news")).password == "geheim"


def test_shards_and_copies_are_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (shards(), replicas()) == (1, None)
    monkeypatch.setenv("SEARCHKIT_OPENSEARCH_SHARDS", "12")
    monkeypatch.setenv("SEARCHKIT_OPENSEARCH_REPLICAS", "0")
    assert (shards(), replicas()) == (12, 0)
    for wrong in ("0", "-1", "x", "1025", "²"):
        monkeypatch.setenv("SEARCHKIT_OPENSEARCH_SHARDS", wrong)
        with pytest.raises(UsageError, match="SEARCHKIT_OPENSEARCH_SHARDS"):
            shards()


def test_the_ledger_of_an_address_does_not_depend_on_the_order_of_its_hosts() -> None:
    one, other = parse_address("opensearch://a,b/news"), parse_address("opensearch://b,a/news")
    assert one.digest == other.digest != parse_address("opensearch://a,b/more").digest
