"""What does a mail say? Its subject, its sender, its day and its text: alone in a file, or many in a mailbox.

Plain text comes before HTML, which is only stripped. What is attached is named in a note, and a text that is attached
(``attachments.py``) is an article of its own, as is a mail that is attached: forwarded, or one of a digest. A mailbox
is read message by message, as RFC 4155 describes it, so its size does not matter.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from searchkit.article import Article, Origin, Problem
from searchkit.readers.attachments import Attachment, attached_to, belonging, unlike
from searchkit.readers.dates import civil_day, no_day
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, HeavyError, Source, UnreadableError
from searchkit.readers.markup import plain
from searchkit.readers.page_encoding import page_text
from searchkit.readers.prose import one_line, tidy

MAIL_FAULTS = (MessageError, LookupError, ValueError, TypeError, AttributeError, AssertionError)
"""What Python's email package raises on strange mail, besides its own errors."""

# "From alice@example.org Mon Mar  9 12:00:00 2020", after a blank line.
_POSTMARK = re.compile(
    rb"From .{0,300}?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?\s+(?:[A-Za-z0-9+:-]{1,10}\s+)?"
    rb"[0-9]{4}(?:\s+[A-Za-z0-9+:-]{1,10})?\s*$"
)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_PIECE = 1 << 20
_LONGEST_HEADER = 10_000
_MOST_PARTS = 1_000
# So many mails may lie one in the other.
_MOST_MAILS = 8
_MAIL_TYPES = frozenset(("message/rfc822", "message/global"))
_ADDRESS = re.compile(r"<([^<>]*)>")
_UNSENT = re.compile(r"\s*\([^()]*\)\s*$")


def read_mail(source: Source) -> Iterator[Article | Problem]:
    """The one article of a mail; UnreadableError where it has no text."""
    data = source.stream.read(RECORD_LIMIT + 1)
    if len(data) > RECORD_LIMIT:
        raise UnreadableError(f"is larger than {RECORD_LIMIT_WORDS}, more than one mail can be", "limit")
    yield from _items(source, data, source.origin(), source.name)


def read_mailbox(source: Source) -> Iterator[Article | Problem]:
    """One article a message; a message without text is a Problem, and the next is read."""
    number = 0
    for number, data in enumerate(_messages(source), start=1):
        origin = source.origin(f"record {number}")
        if data is None:
            yield Problem(origin, f"is larger than {RECORD_LIMIT_WORDS}, more than one mail can be", kind="limit")
            continue
        with source.steps.document(origin.place) as wanted:
            if wanted:
                yield from _message(source, data, origin, source.numbered(number))
    if not number:
        raise UnreadableError("is no mailbox: it has no line that begins a message", "format")


def _message(source: Source, data: bytes, origin: Origin, name: str) -> Iterator[Article | Problem]:
    try:
        yield from _items(source, data, origin, name)
    except UnreadableError as error:
        yield Problem(origin, error.reason, kind=error.kind)
    except RecursionError:
        yield Problem(origin, "is nested too deeply", kind="limit")


def _messages(source: Source) -> Iterator[bytes | None]:
    """Each message without the line that begins it; None for one that is too large."""
    held: list[bytes] = []
    size = 0
    inside = after_blank = False
    starts_line = True
    # A line that is longer than a piece goes on in the next piece.
    while line := source.stream.readline(_PIECE):
        if starts_line and (after_blank or not inside) and line.startswith(b"From ") and _POSTMARK.match(line):
            if inside:
                yield _unescaped(held) if size <= RECORD_LIMIT else None
            held, size, inside = [], 0, True
        elif inside:
            size += len(line)
            if size <= RECORD_LIMIT:
                held.append(line)
            else:
                held.clear()
        after_blank = starts_line and not line.strip(b"\r\n")
        starts_line = line.endswith(b"\n")
    if inside:
        yield _unescaped(held) if size <= RECORD_LIMIT else None


def _unescaped(held: list[bytes]) -> bytes:
    """A line of a message that begins with "From " was written with a > before it."""
    return _QUOTED_FROM.sub(rb"\1", b"".join(held))


def _items(source: Source, data: bytes, origin: Origin, name: str) -> Iterator[Article | Problem]:
    try:
        message = email.message_from_bytes(data)
    except MAIL_FAULTS as error:
        raise UnreadableError("is no sound mail") from error
    yield from _told(source, message, origin, name, 1)


def _told(source: Source, message: Message, origin: Origin, name: str, depth: int) -> Iterator[Article | Problem]:
    """What a message says, and what is attached to it; ``depth`` mails lie one in the other, this one innermost."""
    try:
        mail = _Mail(message)
    except MAIL_FAULTS as error:
        raise UnreadableError("is no sound mail") from error
    if not mail.headers:
        raise UnreadableError("has no headers, as a mail has")
    attached = [found for found in mail.attached if found.is_text]
    if source.light and (mail.mails or any(found.is_heavy for found in attached)):
        raise HeavyError
    if not mail.body and not attached and not mail.mails:
        raise UnreadableError("holds no text", "empty")
    stated = mail.header("Date")
    date = civil_day(stated) or civil_day(_UNSENT.sub("", stated))
    if stated and not date:
        yield Problem(origin, no_day(stated), kept=True, kind="date")
    notes = (("list", mail.bracketed("List-Id")), ("attached", ", ".join(mail.names)))
    article = Article(
        # The same mail may lie beside the one that it is attached to.
        id=name if depth > 1 else mail.bracketed("Message-ID") or name,
        title=mail.header("Subject"),
        body=mail.body,
        date=date,
        source=mail.list_name(),
        authors=mail.senders(),
        url=_web(mail.bracketed("Archived-At")),
        language=mail.header("Content-Language").partition(",")[0].strip(),
        origin=origin,
        notes=tuple(note for note in notes if note[1]),
    )
    if article.body:
        yield article
    for found in attached:
        yield from found.items(source, article, name)
    for called, inner in mail.mails:
        yield from _forwarded(source, article, attached_to(article, source, called, b"", name), inner, depth + 1)


def _forwarded(
    source: Source, mail: Article, part: Source, message: Message, depth: int
) -> Iterator[Article | Problem]:
    """What a mail says that is attached to another, which is ``mail``."""
    if depth > _MOST_MAILS:
        reason = f"is a mail in more than {_MOST_MAILS - 1} others, one in the other"
        yield Problem(part.origin(), reason, kind="archive")
        return
    try:
        for item in _told(part, message, part.origin(), part.name, depth):
            # What is attached to it in its turn has said what it belongs to.
            is_its_own = isinstance(item, Article) and item.id == part.name
            yield belonging(item, mail) if isinstance(item, Article) and is_its_own else item
    except UnreadableError as error:
        yield Problem(part.origin(), error.reason, kind=error.kind)


class _Mail:
    """A parsed message: its headers decoded, its text chosen, its attachments named, mails apart from the others."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self.headers = len(message)
        self.attached: list[Attachment] = []
        self.mails: list[tuple[str, Message]] = []
        self.names: dict[str, None] = {}
        plains: list[str] = []
        pages: list[str] = []
        for part in _parts(message):
            kind = part.get_content_type()
            # A mail of many parts that does not say what parts them is text.
            kind = "text/plain" if part is message and kind.startswith("multipart/") else kind
            if part is not message and (kind not in ("text/plain", "text/html") or _is_attached(part)):
                inner = _mail_in(part)
                name = unlike(_name_of(part, inner), self.names)
                self.names[name] = None
                if inner is not None:
                    self.mails.append((name, inner))
                else:
                    self.attached.append(Attachment(name, kind, content_of(part)))
            elif kind == "text/plain":
                plains.append(tidy(_text_of(part)))
            elif kind == "text/html":
                pages.append(tidy(_stripped(_text_of(part))))
        self.body = "\n\n".join(text for text in plains if text) or "\n\n".join(text for text in pages if text)

    def header(self, name: str) -> str:
        """A header on one line, with its encoded words decoded; '' where it is not there."""
        return decoded_header(self._message.get(name))

    def bracketed(self, name: str) -> str:
        """What stands between < and > in a header, or all of it."""
        said = self.header(name)
        found = _ADDRESS.search(said)
        return found.group(1).strip() if found else said

    def list_name(self) -> str:
        """How the list or newsletter calls itself: the words before the < of List-Id."""
        return self.header("List-Id").partition("<")[0].strip(' "') if "<" in self.header("List-Id") else ""

    def senders(self) -> tuple[str, ...]:
        """The names of the senders, or their addresses where they have none."""
        pairs = getaddresses([str(self._message.get("From") or "")[:_LONGEST_HEADER]])
        named = (decoded_header(name) or one_line(address) for name, address in pairs)
        return tuple(dict.fromkeys(name for name in named if name))


def _parts(message: Message) -> Iterator[Message]:
    """The leaves of a mail; a mail that is attached to it is one of them."""
    waiting, count = [message], 0
    while waiting and count < _MOST_PARTS:
        part = waiting.pop()
        count += 1
        inner = part.get_payload()
        if isinstance(inner, list) and part.get_content_maintype() == "multipart":
            waiting.extend(reversed([item for item in inner if isinstance(item, Message)]))
        elif part is message or part.get_content_maintype() != "multipart":
            yield part


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or (
        bool(part.get_filename()) and part.get_content_disposition() is not None
    )


def _mail_in(part: Message) -> Message | None:
    """The mail that a part is, if it is one: by its type, or by its name where a program has not known the type."""
    kind = part.get_content_type()
    if kind in _MAIL_TYPES:
        held = part.get_payload()
        inner = held[0] if isinstance(held, list) and held else None
        if isinstance(inner, Message) and inner.keys():
            return inner
        # It may not be encoded (RFC 2046), and some programs do it.
        written = inner.get_payload() if isinstance(inner, Message) else held
        encoded = Message()
        encoded["Content-Transfer-Encoding"] = str(part.get("Content-Transfer-Encoding") or "")
        encoded.set_payload(written if isinstance(written, str) else "")
        data = content_of(encoded)
    elif decoded_header(part.get_filename()).lower().endswith(".eml"):
        data = content_of(part)
    else:
        return None
    found = email.message_from_bytes(data)
    return found if found.keys() else None


def _name_of(part: Message, inner: Message | None) -> str:
    name = decoded_header(part.get_filename())
    if not name and inner is not None:
        name = decoded_header(inner.get("Subject"))
    return name or one_line(part.get_content_type())


def content_of(part: Message) -> bytes:
    """The bytes of a part, its transfer encoding undone."""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def charset_of(part: Message) -> str:
    """The charset that a part declares, or ''."""
    charset = part.get_param("charset", "")
    return str(charset[2]) if isinstance(charset, tuple) else str(charset or "")


def _text_of(part: Message) -> str:
    text = page_text(content_of(part), charset_of(part)).replace("\r\n", "\n")
    return _unflowed(text, part) if part.get_param("format", "") == "flowed" else text


def _unflowed(text: str, part: Message) -> str:
    """RFC 3676: a line that ends in a blank goes on in the next."""
    joint = "" if str(part.get_param("delsp", "")).lower() == "yes" else " "
    rows: list[str] = []
    flows = False
    for stuffed in text.split("\n"):
        line = stuffed.removeprefix(" ")
        if flows and line:
            rows[-1] = rows[-1][:-1] + joint + line
        else:
            rows.append(line)
        flows = line.endswith(" ") and line != "-- "
    return "\n".join(rows)


def _stripped(page: str) -> str:
    # A page of a mail is one even if it is made of tags that prose could hold too.
    return plain(f"<p>{page}</p>")


def decoded_header(value: object) -> str:
    """A header as text on one line: its encoded words decoded, bytes beyond ASCII read as what they look like."""
    written = str(value or "")[:_LONGEST_HEADER]
    try:
        pieces = decode_header(written)
    except (*MAIL_FAULTS, ArithmeticError):
        return one_line(written)
    text = ""
    for piece, charset in pieces:
        if isinstance(piece, bytes):
            text += page_text(piece, charset or "")
        else:
            # Raw bytes in a header come as surrogates.
            text += page_text(piece.encode("utf-8", "surrogateescape")) if piece and not piece.isascii() else piece
    return one_line(text)


def _web(url: str) -> str:
    return url if url.lower().startswith(("http://", "https://")) else ""
