"""Damages an index in many ways and watches what becomes of it; run as a program, so that a crash can be seen.

    python damages.py INDEX FOLDER random|hostile FIRST COUNT

``INDEX`` is a sound index, ``FOLDER`` an empty folder to work in. With "hostile" the checksums are made right
again, as a forger would. Prints the number of each damage before it is tried and, at the end, "done" and what was
counted, as JSON; a violated promise is an exception that says which damage it was.
"""

from __future__ import annotations

import datetime
import faulthandler
import json
import re
import shutil
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from searchkit.article import Article
from searchkit.engine import Filters, Request
from searchkit.errors import SearchkitError
from searchkit.local import open_writer
from searchkit.local.engine import LocalEngine
from searchkit.query import (
    AllBut,
    AllOf,
    AnyOf,
    AtLeast,
    Days,
    Exact,
    First,
    Fuzzy,
    Id,
    Near,
    Node,
    Phrase,
    Regex,
    Scope,
    Wildcard,
    Within,
    Word,
    phrase,
)
from searchkit.store.check import check_index
from searchkit.store.sections import MAGIC, PAGE
from searchkit.store.writer import StoreWriter

# A damage that takes longer than this is a hang, and the program ends itself.
LONGEST_SECONDS = 60
Verify = Callable[[str, Path, Counter[str]], None]
_TAIL = struct.Struct("<II8s")
_WORDS = [f"w{number}" for number in range(60)]


def article(number: int, random: Random) -> Article:
    """An article of few words, of which some are in most articles."""
    words = random.choices(_WORDS, weights=[1 / (rank + 1) for rank in range(len(_WORDS))], k=random.randint(5, 40))
    sentences = ". ".join(" ".join(words[at : at + 6]).capitalize() for at in range(0, len(words), 6))
    day = datetime.date(2020, 1, 1) + datetime.timedelta(random.randrange(200)) if number % 9 else None
    return Article(f"id{number}", " ".join(words[:2]), f"{sentences}. Policed polices police.", day, f"s{number % 3}")


def make_index(path: Path) -> None:
    """Several segments, some articles deleted, stems of several blocks and of several forms."""
    random = Random(7)
    with StoreWriter(path) as writer:
        for first, behind in ((0, 700), (700, 900), (900, 930)):
            for number in range(first, behind):
                writer.put(article(number, random))
            writer.commit()
        for number in (3, 333, 703):
            writer.remove(f"id{number}")
        writer.put(article(5, random))
        writer.commit()


def make_small_index(path: Path) -> None:
    """Full blocks, deletions, and a table of contents for Whoosh."""
    random = Random(8)
    with open_writer(path, workers=1) as writer:
        for number in range(200):
            writer.put(article(number, random))
        writer.commit()
        writer.remove("id3")
        writer.commit()


def _requests() -> list[Request]:
    def word(number: int) -> Word:
        return Word(_WORDS[number])

    trees: list[Node] = [
        word(0), word(40), Word("police"), Word("nowhere"),
        phrase("w0 w1"), phrase("w1 w0 w2"), phrase("policed polices"),
        AnyOf((word(0), word(9), word(50))), AllOf((word(0), word(1), word(2))),
        AllOf((AnyOf((word(3), word(20))), AnyOf((word(4), phrase("w0 w1"))))),
        AnyOf((AllOf((word(5), word(6))), phrase("w0 w2"), word(30))),
    ]  # fmt: skip
    trees += [
        Near(word(0), word(1), 3), Within(word(2), word(0), "sentence"), Within(word(1), word(3), "paragraph", True),
        Near(Wildcard("w1?"), AnyOf((word(0), Exact("polices"))), 5), First(4, word(3)), AtLeast(3, word(0)),
        Phrase((word(0), word(1), word(2)), 4), Phrase((Regex("w[12]"), Fuzzy("polise", 1))),
        Scope("title", word(0)), Scope("body", Phrase((Exact("policed"), Wildcard("p*s")))),
        AllOf((Wildcard("*4*"), Scope("source", Word("s1")))), AllBut(Fuzzy("pole", 2), (Regex("polic.+"),)),
        AnyOf((Id("id5"), Days(None, datetime.date(2020, 1, 9)))),
    ]  # fmt: skip
    filters = [
        Filters(),
        Filters(since=datetime.date(2020, 2, 1), until=datetime.date(2020, 4, 1)),
        Filters(sources=("S1",)),
    ]
    found = [Request(tree, filters=chosen) for tree in trees for chosen in filters]
    return found + [Request(trees[at], sort=sort) for at in (0, 4, 7, 9) for sort in ("newest", "oldest")]  # type: ignore[arg-type]


def questions() -> list[Callable[[LocalEngine], object]]:
    """What is asked of an engine; answers can be compared."""

    def search(request: Request) -> Callable[[LocalEngine], object]:
        def ask(engine: LocalEngine) -> object:
            answer = engine.search(request)
            hits = [(hit.id, hit.score, hit.load()) for hit in answer.found]
            return answer.total, answer.total_all, hits, [term.articles for term in answer.terms]

        return ask

    def fetch(key: str) -> Callable[[LocalEngine], object]:
        return lambda engine: engine.article(key)

    def numbers(engine: LocalEngine) -> object:
        held = engine.statistics()
        return held.articles, held.words, held.terms, held.sources, held.first_date, held.last_date, held.undated

    return [
        *map(search, _requests()),
        *map(fetch, ("id0", "id3", "id5", "id333", "id450", "id899", "id929", "absent")),
        numbers,
        lambda engine: engine.similar("polise"),
        lambda engine: engine.similar("w4"),
    ]


def answers(path: Path) -> list[object]:
    """An answer to each question, or the class of the error that came instead."""
    out: list[object] = []
    try:
        engine = LocalEngine(path)
    except SearchkitError as error:
        return [type(error)] * len(questions())
    for ask in questions():
        try:
            out.append(ask(engine))
        except SearchkitError as error:
            out.append(type(error))
    engine.close()
    return out


def damaged(content: bytes, random: Random) -> tuple[str, bytes]:
    """(what was done, the content) with one damage of a random kind; it may be none."""
    data = bytearray(content)
    begin = random.randrange(len(data))
    size = min(random.choice((1, 4, 64, 4096)), len(data) - begin)
    kind = random.choice(
        ("bit", "bit", "bit", "bits", "cut", "begin cut", "middle cut", "swap", "zero", "noise", "append", "copy")
    )
    if kind == "bit":
        data[begin] ^= 1 << random.randrange(8)
    elif kind == "bits":
        for _ in range(random.randint(2, 20)):
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    elif kind == "cut":
        del data[begin:]
    elif kind == "begin cut":
        del data[: begin + 1]
    elif kind == "middle cut":
        del data[begin : begin + size]
    elif kind == "swap":
        other = random.randrange(len(data) - size + 1)
        here, there = bytes(data[begin : begin + size]), bytes(data[other : other + size])
        data[begin : begin + size] = there
        data[other : other + size] = here
    elif kind == "zero":
        data[begin : begin + size] = bytes(size)
    elif kind == "noise":
        data[begin : begin + size] = random.randbytes(size)
    elif kind == "append":
        data += random.choice((b"\n", b"\0", random.randbytes(size), bytes(data[begin : begin + size])))
    else:
        data[begin:begin] = bytes(data[begin : begin + size])
    return f"{kind} at {begin}, {size} bytes", bytes(data)


def _strange(random: Random, value: object) -> object:
    return random.choice([
        0, 1, -1, 7, 2**31 - 1, 2**32 - 1, 2**32, 2**63, 10**400, 0.5, 1e308, True, None, "", "x", [], {}, value,
        value + 1 if isinstance(value, int) else value, value - 1 if isinstance(value, int) else value,
        value * 2 if isinstance(value, int) else value,
    ])  # fmt: skip


def _forge_value(value: Any, random: Random) -> Any:
    """The same JSON with one value changed."""
    if isinstance(value, dict) and value and random.random() < 0.95:
        key = random.choice(sorted(value))
        return {**value, key: _forge_value(value[key], random)}
    if isinstance(value, list) and value and random.random() < 0.95:
        at = random.randrange(len(value))
        return [*value[:at], _forge_value(value[at], random), *value[at + 1 :]]
    return _strange(random, value)


def forged(content: bytes, random: Random) -> tuple[str, bytes]:
    """(what was done, the content) with numbers changed somewhere and every checksum made right."""
    if content.startswith(b"{"):
        index = _forge_value(json.loads(content)["index"], random)
        checksum = zlib.crc32(json.dumps(index, sort_keys=True, separators=(",", ":")).encode())
        return "manifest", json.dumps({"checksum": checksum, "index": index}).encode()
    data, facts = opened(content)
    if random.random() < 0.15:
        facts = _forge_value(facts, random)
        what = "table"
    else:
        what = _forge_section(data, facts["sections"], random)
    return what, sealed(data, facts)


def opened(content: bytes) -> tuple[bytearray, dict[str, Any]]:
    """(the bytes that the sections lie in, the table of contents) of a file of sections."""
    length, _, _ = _TAIL.unpack(content[-_TAIL.size :])
    end = len(content) - _TAIL.size
    facts: dict[str, Any] = json.loads(content[end - length : end])
    return bytearray(content[: facts["length"]]), facts


def sealed(data: bytes, facts: dict[str, Any]) -> bytes:
    """The file of these, with every checksum right."""
    checksums = b"".join(struct.pack("<I", zlib.crc32(data[at : at + PAGE])) for at in range(0, len(data), PAGE))
    table = json.dumps(facts, separators=(",", ":")).encode()
    return bytes(data) + checksums + table + _TAIL.pack(len(table), zlib.crc32(checksums + table), MAGIC)


def _forge_section(data: bytearray, sections: dict[str, list[int]], random: Random) -> str:
    name = random.choice(sorted(name for name, (_, size) in sections.items() if size))
    offset, size = sections[name]
    done = []
    for _ in range(random.choice((1, 1, 1, 2, 5, 50))):
        at = offset + random.randrange(size)
        kind = random.choice(("bit", "byte", "number", "number", "copy"))
        if kind == "bit":
            data[at] ^= 1 << random.randrange(8)
        elif kind == "byte":
            data[at] = random.choice((0, 1, 0x7F, 0x80, 0xFF, 32, 33))
        elif kind == "number":
            at = offset + (at - offset) // 4 * 4
            number = struct.pack(
                "<I", random.choice((0, 1, 127, 128, 2**26, 2**31, 2**32 - 1, random.randrange(1000)))
            )
            data[at : at + 4] = number[: max(offset + size - at, 0)]
        else:
            other = offset + random.randrange(size)
            few = min(32, offset + size - max(at, other))
            data[at : at + few] = data[other : other + few]
        done.append(f"{kind} at {at - offset}")
    return f"{name}: {', '.join(done)}"


def _random(path: Path, expected: list[object], counts: Counter[str]) -> None:
    report = check_index(path)
    assert not report.sound, "check found nothing"
    counts["found by check"] += 1
    for number, (answer, sound) in enumerate(zip(answers(path), expected, strict=True)):
        if isinstance(answer, type) and answer is not sound:
            counts["errors"] += 1
        else:
            assert answer == sound, f"question {number} has another answer"
            counts["right answers"] += 1


def _hostile(path: Path, expected: list[object], counts: Counter[str]) -> None:
    try:
        counts["found by check"] += not check_index(path, deep=counts["hostile"] % 4 == 0).sound
    except SearchkitError:
        counts["found by check"] += 1
    counts["hostile"] += 1
    for answer, sound in zip(answers(path), expected, strict=True):
        same = "errors" if isinstance(answer, type) and answer is not sound else "right answers"
        counts[same if answer == sound or same == "errors" else "other answers"] += 1
    try:
        with StoreWriter(path) as writer:
            # Most of the last segment goes: it is written anew.
            for number in range(900, 925):
                writer.remove(f"id{number}")
            writer.put(article(1, Random(1)))
            writer.commit()
            for number in range(6):
                writer.put(article(1000 + number, Random(number)))
                writer.commit()
        counts["merged"] += 1
    except SearchkitError:
        counts["refused to write"] += 1


def try_damages(verify: Verify, *, seed: str = "", files_harmed: str = "") -> None:
    """Run the damages that the command line asks for, and call ``verify`` with the mode, each folder and the counts.

    ``seed`` makes them others than those of another program; names that begin with ``files_harmed`` are damaged.
    """
    index, folder, mode = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    first, count = map(int, sys.argv[4:6])
    faulthandler.enable()
    files = {entry.name: entry.read_bytes() for entry in sorted(index.iterdir()) if entry.name != "writer.lock"}
    harmed = [name for name in files if re.match(files_harmed, name)]
    counts: Counter[str] = Counter()
    for number in range(first, first + count):
        random = Random(f"{seed}{mode} {number}")
        what, name, content = "", "", b""
        while not name or content == files[name]:
            # The large file has most to be damaged, the small ones have most rules to be broken.
            name = random.choice([*harmed, *["segment-1"] * 8])
            what, content = (damaged if mode == "random" else forged)(files[name], random)
        print(number, name, what[:200], flush=True)
        faulthandler.dump_traceback_later(LONGEST_SECONDS, exit=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for other, sound in files.items():
            (folder / other).write_bytes(content if other == name else sound)
        try:
            verify(mode, folder, counts)
        except BaseException as error:
            error.add_note(f"{mode} damage {number}: {name}: {what[:500]}")
            raise
        counts["damages"] += 1
    faulthandler.cancel_dump_traceback_later()
    print("done", json.dumps(counts))


def main() -> None:
    """Damages to the eyes of searchkit itself."""
    expected = answers(Path(sys.argv[1]))

    def verify(mode: str, path: Path, counts: Counter[str]) -> None:
        (_random if mode == "random" else _hostile)(path, expected, counts)

    try_damages(verify)


if __name__ == "__main__":
    main()
