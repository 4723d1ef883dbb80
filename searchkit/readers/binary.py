"""Is this text at all? What the first bytes of a file say when they are not text."""

from __future__ import annotations

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF87a", "a GIF image"),
    (0, b"GIF89a", "a GIF image"),
    (0, b"II*\x00", "a TIFF image"),
    (0, b"MM\x00*", "a TIFF image"),
    (0, b"8BPS\x00", "a Photoshop image"),
    (0, b"\x00\x00\x01\x00", "an icon"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"%!PS-Adobe", "a PostScript document"),
    (0, b"{\\rtf", "an RTF document"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (0, b"PK\x05\x06", "an empty ZIP archive"),
    (0, b"\x1f\x8b\x08", "gzip data"),
    (0, b"BZh", "bzip2 data"),
    (0, b"\xfd7zXZ\x00", "xz data"),
    (0, b"\x28\xb5\x2f\xfd", "zstd data"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x7fELF", "an ELF program"),
    (0, b"\xca\xfe\xba\xbe", "a Java class or a Mac program"),
    (0, b"\xcf\xfa\xed\xfe", "a Mac program"),
    (0, b"\x00asm", "a WebAssembly program"),
    (0, b"SQLite format 3\x00", "an SQLite database"),
    (0, b"PAR1", "a Parquet table"),
    (0, b"ID3", "an MP3 recording"),
    (0, b"OggS", "an Ogg recording"),
    (0, b"fLaC", "a FLAC recording"),
    (4, b"ftyp", "an MP4 film or recording"),
    (0, b"\x1aE\xdf\xa3", "a Matroska film"),
    (0, b"wOFF", "a font"),
    (0, b"wOF2", "a font"),
    (0, b"\x00\x01\x00\x00\x00", "a font"),
    (0, b"\x80\x04\x95", "a Python pickle"),
)

_RIFF = {b"WAVE": "a WAV recording", b"AVI ": "an AVI film", b"WEBP": "a WebP image"}

# What is packed as a ZIP is told by its first member: a type, or a part that every Office document has. A name
# that merely stands somewhere may be that of a member, or three bytes of compressed data.
_TYPED = ((b"opendocument", "an OpenDocument file"), (b"epub", "an EPUB book"))
_OFFICE_PARTS = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"customXml/", b"word/", b"xl/", b"ppt/")
_OFFICE = ((b"word/", "a Word document"), (b"xl/", "an Excel document"), (b"ppt/", "a PowerPoint document"))

_FIRST_BYTES: dict[int, tuple[tuple[bytes, str], ...]] = {
    first: tuple((magic, name) for offset, magic, name in _MAGIC if not offset and magic[0] == first)
    for first in {magic[0] for offset, magic, _ in _MAGIC if not offset}
}
_FURTHER_IN = tuple(row for row in _MAGIC if row[0])

# Words that ordinary prose may begin with ("BZh", "ID3") need a second sign.
_WEAK = (b"BZh", b"ID3", b"PAR1", b"OggS", b"fLaC", b"wOFF", b"wOF2")

# Tab, newline, vertical tab, form feed, carriage return and escape do occur in text.
_CONTROLS = bytes(set(range(32)) - {9, 10, 11, 12, 13, 27}) + b"\x7f"

_CONTROL_SHARE = 0.02


def binary_kind(sample: bytes) -> str:
    """What a file is that begins with ``sample``: "a PNG image", or '' for what may be text.

    UTF-16 and UTF-32 are the business of ``decoding``: ask this only about other bytes. A NUL is a control character
    like others: a few in a text are damage, and left out of it (``prose.clean``), many are another kind of file.
    """
    named = _named(sample)
    if named:
        return named
    if _controls(sample) > len(sample) * _CONTROL_SHARE:
        return "it holds NUL bytes" if b"\x00" in sample else "it is full of control characters"
    return ""


def _named(sample: bytes) -> str:
    for magic, name in _FIRST_BYTES.get(sample[0], ()) if sample else ():
        if sample.startswith(magic) and not (magic in _WEAK and not _controls(sample)):
            return name
    for offset, magic, name in _FURTHER_IN:
        if sample.startswith(magic, offset):
            return name
    if sample.startswith(b"PK\x03\x04"):
        return _zipped(sample)
    if sample.startswith(b"RIFF"):
        return _RIFF.get(sample[8:12], "")
    if sample.startswith(b"MZ") and b"\x00" in sample:
        return "a Windows program"
    if sample[:1] == b"\xff" and sample[1:2] in (b"\xfb", b"\xf3", b"\xf2") and b"\x00" in sample:
        return "an MP3 recording"
    return ""


def _zipped(sample: bytes) -> str:
    """What an archive is that begins so: the name of its first member stands at byte 30."""
    end = 30 + int.from_bytes(sample[26:28], "little")
    marks: tuple[tuple[bytes, str], ...] = ()
    if sample[30:end] == b"mimetype":
        marks, sample = _TYPED, sample[end : end + 100]
    elif sample.startswith(_OFFICE_PARTS, 30):
        marks = _OFFICE
    return next((name for mark, name in marks if mark in sample), "a ZIP archive")


def _controls(sample: bytes) -> int:
    return len(sample) - len(sample.translate(None, _CONTROLS))
