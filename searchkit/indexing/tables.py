"""What does the ledger look like? Its tables, and the statements by which it learns what an index holds, in SQL."""

from __future__ import annotations

# What the conditions refuse, the check of a ledger that is opened finds.
TABLES = """
CREATE TABLE IF NOT EXISTS commits (
    mark BLOB NOT NULL CHECK (typeof(mark) = 'blob'), settings TEXT NOT NULL CHECK (typeof(settings) = 'text')
);
CREATE TABLE IF NOT EXISTS roots (
    path BLOB PRIMARY KEY CHECK (typeof(path) = 'blob'), label TEXT NOT NULL UNIQUE CHECK (typeof(label) = 'text')
);
CREATE TABLE IF NOT EXISTS files (
    number INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE CHECK (typeof(path) = 'blob'),
    size INTEGER NOT NULL CHECK (typeof(size) = 'integer'),
    changed INTEGER NOT NULL CHECK (typeof(changed) = 'integer'),
    digest BLOB NOT NULL CHECK (typeof(digest) = 'blob'),
    lines INTEGER NOT NULL CHECK (typeof(lines) = 'integer'),
    formats TEXT NOT NULL CHECK (typeof(formats) = 'text'),
    articles INTEGER NOT NULL CHECK (typeof(articles) = 'integer'),
    problems INTEGER NOT NULL CHECK (typeof(problems) = 'integer'),
    again INTEGER NOT NULL CHECK (typeof(again) = 'integer')
);
CREATE TABLE IF NOT EXISTS articles (
    id TEXT PRIMARY KEY CHECK (typeof(id) = 'text'),
    file INTEGER NOT NULL CHECK (typeof(file) = 'integer'),
    digest BLOB NOT NULL CHECK (typeof(digest) = 'blob'),
    text BLOB NOT NULL CHECK (typeof(text) = 'blob')
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS articles_of_file ON articles (file);
CREATE INDEX IF NOT EXISTS articles_of_text ON articles (text);
CREATE TABLE IF NOT EXISTS problems (
    file INTEGER NOT NULL CHECK (typeof(file) = 'integer'),
    path BLOB NOT NULL CHECK (typeof(path) = 'blob'),
    place TEXT NOT NULL CHECK (typeof(place) = 'text'),
    reason TEXT NOT NULL CHECK (typeof(reason) = 'text'),
    kept INTEGER NOT NULL CHECK (typeof(kept) = 'integer'),
    kind TEXT NOT NULL CHECK (typeof(kind) = 'text')
);
CREATE INDEX IF NOT EXISTS problems_of_file ON problems (file);
"""
SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
# What a file with many articles has said again so far.
MET = "CREATE TEMP TABLE met (id TEXT PRIMARY KEY) WITHOUT ROWID"
# What the index was found to hold, while the ledger learns it.
HELD = """
CREATE TEMP TABLE held (id TEXT PRIMARY KEY, path BLOB NOT NULL, digest BLOB NOT NULL, text BLOB NOT NULL)
WITHOUT ROWID
"""
LEARN = (
    "CREATE TEMP VIEW noted AS SELECT id, path, articles.digest FROM articles JOIN files ON files.number = file",
    "CREATE TEMP VIEW there AS SELECT id, path, digest FROM held",
    "INSERT OR IGNORE INTO files SELECT NULL, path, -1, 0, x'', 0, '', 0, 0, 0 FROM held",
    # A file of which the two tell different things is read again, whatever its size and time say.
    "UPDATE files SET size = -1 WHERE path IN (SELECT path FROM (SELECT * FROM noted EXCEPT SELECT * FROM there)"
    " UNION SELECT path FROM (SELECT * FROM there EXCEPT SELECT * FROM noted))",
    "DELETE FROM articles",
    "INSERT INTO articles SELECT id, number, held.digest, text FROM held JOIN files ON files.path = held.path",
    "DROP VIEW noted",
    "DROP VIEW there",
    "DROP TABLE held",
)
