"""Which formats are there? One table, each row with the file that reads it and what announces it."""

from __future__ import annotations

from searchkit.readers.format import Format

FORMATS: tuple[Format, ...] = (
    Format("plain text", (".txt", ".text"), "text:read_text"),
    Format("Markdown", (".md", ".markdown"), "markdown:read_markdown"),
    Format("JSON lines", (".jsonl", ".ndjson"), "json_records:read_json_lines"),
    Format("JSON", (".json",), "json_records:read_json"),
    Format("CSV", (".csv", ".tsv"), "delimited:read_delimited"),
    Format("Parquet", (".parquet",), "parquet:read_parquet", "parquet"),
    Format("HTML", (".html", ".htm", ".xhtml"), "html:read_html", "web", heavy=True),
    Format("MHTML", (".mhtml", ".mht"), "mhtml:read_mhtml", "web", heavy=True),
    Format("WARC", (".warc",), "warc:read_warc", "web", heavy=True, container=True),
    Format("RSS or Atom", (".rss", ".atom", ".rdf"), "feed:read_feed"),
    Format("JSON Feed", (), "json_feed:read_json_feed"),
    Format("WordPress", (".wxr",), "wordpress:read_wordpress"),
    Format("NITF", (".nitf",), "nitf:read_nitf"),
    Format("NewsML-G2", (), "newsml_g2:read_newsml_g2"),
    Format("NewsML 1.2", (".newsml",), "newsml_1:read_newsml_1"),
    Format("ANPA 1312", (".anpa", ".anp"), "anpa:read_anpa"),
    Format("IPTC 7901", (".iptc",), "iptc7901:read_iptc7901"),
    Format("mail", (".eml",), "mail:read_mail"),
    Format("mailbox", (".mbox",), "mail:read_mailbox", container=True),
    Format("Reuters-21578", (".sgm", ".sgml"), "reuters:read_reuters"),
    Format("Reuters RCV1", (), "rcv1:read_rcv1"),
    Format("TREC", (".trec",), "trec:read_trec"),
    Format("PDF", (".pdf",), "pdf:read_pdf", "documents", heavy=True),
    Format("Word document", (".docx",), "docx:read_docx", heavy=True),
    Format("RTF", (".rtf",), "rtf:read_rtf", heavy=True),
    Format("Nexis text", (), "nexis:read_nexis_text"),
    Format("Factiva page", (), "factiva:read_factiva_page"),
)
"""All formats; the suffix of a packed file (``.gz`` ...) may follow any of theirs."""

BY_NAME = {row.name: row for row in FORMATS}
BY_SUFFIX = {suffix: row for row in FORMATS for suffix in row.suffixes}


def suffixes() -> tuple[str, ...]:
    """Every suffix that has a reader, in the order of the table."""
    return tuple(BY_SUFFIX)
