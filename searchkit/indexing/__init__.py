"""How does a folder become an index and stay one? Walk, compare, read, put, commit; and a report of it all."""

from searchkit.indexing.ledger import Ledger
from searchkit.indexing.noted import copies_of, standing_problems
from searchkit.indexing.report import Progress, Report
from searchkit.indexing.sync import Interrupted, Sync, require_path

__all__ = ["Interrupted", "Ledger", "Progress", "Report", "Sync", "copies_of", "require_path", "standing_problems"]
