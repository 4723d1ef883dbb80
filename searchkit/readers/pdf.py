"""What does a PDF say? The text of its pages, its lines joined to paragraphs; of its metadata only what is honest.

The date of a PDF is the day on which the file was made: a paper of 1950 that was scanned in 2015 would be news of
2015. So it is a note, not the date of the article.
"""

from __future__ import annotations

import io
import logging
import re
import time
from collections.abc import Iterator, Mapping

import pypdf
import pypdf.errors

from searchkit.article import Article, Problem
from searchkit.readers.dates import civil_day
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, Source, UnreadableError
from searchkit.readers.prose import clean, one_line, tidy

_MOST_PAGES = 2_000
_MOST_CHARACTERS = RECORD_LIMIT

# pypdf tells the log of each thing that it mends; unheard, it goes nowhere instead of to the terminal.
logging.getLogger("pypdf").addHandler(logging.NullHandler())

# What programs put in the place of a title: "Microsoft Word - budget.doc", "Layout 1", "untitled", "front.indd".
_NO_TITLE = re.compile(
    r"(?:microsoft (?:word|powerpoint|excel|office)|www\.|https?:).*"
    r"|(?:layout|slide|document|dokument|untitled|unbenannt|sans titre|seite|page|scan|image|print)[ _-]*[0-9]*"
    r"|.*\.(?:docx?|rtf|odt|indd|qxd|qxp|pdf|pages|pptx?|xlsx?|txt|tex|dvi|html?|ps|eps|tiff?|jpe?g|wpd|pub|cdr|ai)"
    r"|\S*[0-9_]\S*|\S{1,3}",
    re.IGNORECASE,
)
# A person's name has two words at least; "admin" and "jsmith" are accounts.
_NAME = re.compile(r"[^\W\d_][\w.'’-]*(?: [\w.'’-]+){1,4}")
_PROGRAM = re.compile(
    r"\b(?:microsoft|adobe|acrobat|user|admin\w*|scanner|office|unknown|anonymous|owner)\b", re.IGNORECASE
)
_INFO_DAY = re.compile(r"D?:?([0-9]{4})([0-9]{2})([0-9]{2})")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")

_SENTENCE_END = re.compile(r"[.!?:…]['\"’”»)\]]*$")
_BULLET = re.compile(r"(?:[•▪■–—*·-]|[0-9]{1,2}[.)]|\([a-z0-9]\)) ")
_HYPHENED = re.compile(r"[^\W\d_]{2,}[-\u00ad\u2010]$")
# A line that is so much shorter than most ends a paragraph, if a sentence ends there.
_SHORT_LINE = 0.8
_HEADING = 0.6


def read_pdf(source: Source) -> Iterator[Article | Problem]:
    """The one article of a PDF; UnreadableError for one that is encrypted, damaged, too large, or has no text."""
    data = source.stream.read(RECORD_LIMIT + 1)
    if len(data) > RECORD_LIMIT:
        raise UnreadableError(f"is larger than {RECORD_LIMIT_WORDS}, more than one article can be", "limit")
    document = _Document(data, source.settings.seconds)
    del data
    body = _joined(document.lines())
    problems = document.problems
    if not body:
        raise UnreadableError(*document.silence())
    for reason, kind in problems:
        yield Problem(source.origin(), reason, kept=True, kind=kind)
    title, author, made = document.about()
    yield Article(
        id=source.name,
        title=title,
        body=body,
        authors=(author,) if author else (),
        language=document.language(),
        origin=source.origin(),
        notes=(("file made", made),) if made else (),
    )


class _Document:
    """One PDF, opened; whatever pypdf does on the way to a text is caught here."""

    def __init__(self, data: bytes, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._seconds = seconds
        self.problems: list[tuple[str, str]] = []
        self._pages_damaged = 0
        try:
            self._reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
            # Many forbid only printing, and open with no password at all.
            is_open = not self._reader.is_encrypted or bool(self._reader.decrypt(""))
            self._count = len(self._reader.pages) if is_open else 0
        except (MemoryError, RecursionError):
            raise
        except pypdf.errors.DependencyError as error:
            raise UnreadableError("is encrypted", "access") from error
        except Exception as error:
            raise UnreadableError(f"is a damaged PDF ({_words(error)})") from error
        if not is_open:
            raise UnreadableError("is encrypted: it opens with a password only", "access")

    def lines(self) -> list[str]:
        """The lines of all pages, '' between two that do not belong together."""
        lines: list[str] = []
        size = 0
        for number in range(self._count):
            reason = self._enough(number, size)
            if reason:
                pages = "the first page was" if number == 1 else f"the first {number:,} pages were"
                self.problems.append((f"{reason}: {pages} read", "limit"))
                break
            text = self._page(number)
            size += len(text)
            lines += text.split("\n")
        if self._pages_damaged:
            some = "one page" if self._pages_damaged == 1 else f"{self._pages_damaged:,} pages"
            self.problems.append((f"has {some} of {self._count:,} whose text cannot be read", "damaged"))
        return lines

    def _enough(self, number: int, size: int) -> str:
        """Why the page of this number is not read any more, or ''."""
        if number >= _MOST_PAGES:
            return f"has {self._count:,} pages"
        if size > _MOST_CHARACTERS:
            return f"has more than {RECORD_LIMIT_WORDS} of text"
        if number and time.monotonic() > self._until:
            return f"takes more than {self._seconds:g} seconds"
        return ""

    def _page(self, number: int) -> str:
        try:
            return clean(self._reader.pages[number].extract_text())
        except MemoryError:
            raise
        except Exception:
            # One page that is broken does not take the others along; a nested one neither.
            self._pages_damaged += 1
            return ""

    def silence(self) -> tuple[str, str]:
        """Why there is no text, and of which kind that problem is."""
        if self._pages_damaged:
            pages = f"{self._pages_damaged:,} of {self._count:,} pages"
            return f"is a damaged PDF: the text of {pages} cannot be read", "damaged"
        if not self._count:
            return "is a PDF without a page", "empty"
        pages = "1 page" if self._count == 1 else f"{self._count:,} pages"
        return f"holds no text: it seems to be pictures of {pages} (a scan)", "empty"

    def about(self) -> tuple[str, str, str]:
        """The title, the author and the day on which the file was made, each '' where it is not to be believed."""
        try:
            info: Mapping[str, object] = self._reader.metadata or {}
            title, author, made = (_text(info.get(key)) for key in ("/Title", "/Author", "/CreationDate"))
        except MemoryError:
            raise
        except Exception:
            return "", "", ""
        stated = _INFO_DAY.match(made)
        day = civil_day("-".join(stated.groups())) if stated else None
        is_name = _NAME.fullmatch(author) and not _PROGRAM.search(author)
        is_title = title and not _NO_TITLE.fullmatch(title)
        return title if is_title else "", author if is_name else "", day.isoformat() if day else ""

    def language(self) -> str:
        """The language that the document states."""
        try:
            stated = _text(self._reader.root_object.get("/Lang"))
        except MemoryError:
            raise
        except Exception:
            return ""
        return stated if _LANGUAGE.fullmatch(stated) else ""


def _text(value: object) -> str:
    get = getattr(value, "get_object", None)
    value = get() if get else value
    return one_line(value) if isinstance(value, str) else ""


def _joined(lines: list[str]) -> str:
    """Lines joined to paragraphs; a word that a hyphen parts at the end of a line becomes whole."""
    lines = [" ".join(line.split()) for line in lines]
    lengths = [len(line) for line in lines if len(line) > 20]
    # As long as lines are that end because the column does.
    usual = sorted(lengths)[len(lengths) * 3 // 4] if lengths else 0
    pieces: list[str] = []
    before = ""
    for line in lines:
        if not line:
            pieces.append("\n\n")
        elif not before or _BULLET.match(line) or _ends(before, usual):
            pieces += ("\n\n", line)
        elif _HYPHENED.search(before) and line[:1].islower():
            pieces[-1] = pieces[-1][:-1]
            pieces.append(line)
        else:
            pieces += (" ", line)
        before = line
    return tidy("".join(pieces).replace("\u00ad", ""))


def _ends(line: str, usual: int) -> bool:
    """Whether a line is the last of its paragraph."""
    if len(line) >= _SHORT_LINE * usual:
        return False
    # What is far shorter is a heading, a caption or a name, and no sentence.
    return bool(_SENTENCE_END.search(line)) or (len(line) < _HEADING * usual and not _HYPHENED.search(line))


def _words(error: Exception) -> str:
    return one_line(str(error)).rstrip(".").lower()[:120] or type(error).__name__
