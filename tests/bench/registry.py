"""Which engines there are, by name. An engine's module is imported only when it is used."""

from __future__ import annotations

from importlib import import_module

from tests.bench.engine import Engine

BASELINE = "searchkit"

_MODULES = {
    "searchkit": ("searchkit_engine", "SearchkitEngine"),
    "tantivy": ("rival_tantivy", "Tantivy"),
    "tantivy-two-fields": ("rival_tantivy", "TantivyTwoFields"),
    "tantivy-no-total": ("rival_tantivy", "TantivyNoTotal"),
    "tantivy-forms": ("rival_tantivy", "TantivyForms"),
    "fts5": ("rival_fts5", "Fts5"),
    "bm25s": ("rival_bm25s", "Bm25s"),
    "whoosh": ("rival_whoosh", "Whoosh"),
}
NAMES = tuple(_MODULES)


def engine(name: str) -> type[Engine]:
    """The engine of this name."""
    if name not in _MODULES:
        raise SystemExit(f"There is no engine {name!r}. Known: {', '.join(NAMES)}.")
    module, kind = _MODULES[name]
    found: type[Engine] = getattr(import_module(f"tests.bench.{module}"), kind)
    return found
