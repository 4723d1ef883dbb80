"""How does a folder become an index and stay one? Walk, read, compare, commit; and a report of it all."""

from searchkit.indexing.ledger import Ledger
from searchkit.indexing.sync import Interrupted, Progress, Report, Sync, require_path

__all__ = ["Interrupted", "Ledger", "Progress", "Report", "Sync", "require_path"]
