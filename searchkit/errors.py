"""What can go wrong? Everything that searchkit raises on purpose is in this one tree.

    SearchkitError
    ├── UsageError                the person can put it right (exit code 2)
    │   ├── QueryError            the query text has no meaning; carries the column
    │   ├── IndexMissing          there is no index at that path
    │   ├── NotAnIndex            something else is at that path
    │   ├── ArticleMissing        no article has that id
    │   ├── PathMissing           a file or folder to be indexed is not there
    │   └── AccessRefused         a cluster does not know the user, or its certificate is not to be trusted
    └── OperationError            the machine or the data failed (exit code 1)
        ├── IndexDamaged          the index is there but cannot be trusted
        ├── IndexLocked           another process is writing to the index
        ├── AnalysisMismatch      the index was written with another chain of analysis
        ├── QueryTimeout          a query took longer than it may
        ├── QueryTooLarge         a query needs more memory than there is for it
        ├── StorageError          the operating system refused a read or a write, or a disk is full
        └── ClusterError          a cluster did not do what it was asked for
            └── ClusterUnavailable  it does not answer, or not now; to wait may help

Each message is one sentence that says what happened; ``hint`` says what to do about it.
"""

from __future__ import annotations


class SearchkitError(Exception):
    """The root of the tree: ``message`` is one sentence, ``hint`` the next step or ''."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SearchkitError):
    """What was asked for cannot be done as it was asked."""

    exit_code = 2


class QueryError(UsageError):
    """A query without a meaning; ``column`` counts characters from 1."""

    def __init__(self, message: str, *, text: str, column: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.text = text
        self.column = column


class IndexMissing(UsageError):
    """There is no index at the path that was given."""


class NotAnIndex(UsageError):
    """The path that was given holds something that is not an index."""


class ArticleMissing(UsageError):
    """No article of the index has the id that was given."""


class PathMissing(UsageError):
    """A path that was given to be indexed does not exist."""


class AccessRefused(UsageError):
    """A cluster does not let this user in, or its certificate is none that is trusted."""


class OperationError(SearchkitError):
    """The request was sound, but carrying it out failed."""


class IndexDamaged(OperationError):
    """The files of the index contradict each other or cannot be read."""


class IndexLocked(OperationError):
    """Another process is writing to the index now."""


class AnalysisMismatch(OperationError):
    """The index holds terms that this chain of analysis would not make."""


class QueryTimeout(OperationError):
    """A query took longer than it may; half of its answer would be none."""


class QueryTooLarge(OperationError):
    """A query needs more memory than there is for it: it stands at too many places, or means too many words."""


class StorageError(OperationError):
    """The operating system refused to read or write a file of the index."""


class ClusterError(OperationError):
    """A cluster did not do what it was asked for; ``status`` is that of HTTP, 0 where no answer came."""

    def __init__(self, message: str, *, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class ClusterUnavailable(ClusterError):
    """A cluster does not answer, has too much to do, or lacks a part of the index; to wait may help."""
