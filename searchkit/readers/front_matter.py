"""What does the YAML before a text say? A mapping of texts, lists and mappings, and nothing else.

Scalars stay as they are written, so that the id 007 keeps its zeros and a date its day. Aliases and
tags are refused: the first can make a page of YAML as large as the memory, the second can make objects.
"""

from __future__ import annotations

import yaml
from yaml.events import AliasEvent, NodeEvent

LIMIT = 64 * 1024
"""The longest front matter, in characters."""


# A parser of YAML takes time in the square of the depth; no front matter has this many brackets.
_MOST_BRACKETS = 1000


class FrontMatterError(Exception):
    """Why front matter cannot be used, as half a sentence."""


def front_matter(text: str) -> dict[str, object] | None:
    """The mapping that ``text`` holds, {} for an empty text, None for what is no mapping but prose.

    FrontMatterError if it is not YAML, or more than front matter needs.
    """
    if len(text) > LIMIT:
        raise FrontMatterError("it is longer than 64 KiB")
    if text.count("[") + text.count("{") > _MOST_BRACKETS:
        raise FrontMatterError("it has too many brackets")
    try:
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
                raise FrontMatterError("it uses anchors, which are refused")
        # The base loader makes texts of all scalars and heeds no tag.
        found = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (this loader makes no objects)
    except yaml.MarkedYAMLError as error:
        where = f" in its line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise FrontMatterError(f"it is not YAML{where}: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise FrontMatterError("it is not YAML") from error
    except RecursionError as error:
        raise FrontMatterError("it is nested too deeply") from error
    if not isinstance(found, dict):
        return {} if not found else None
    return {key: _without_null(value) for key, value in found.items() if isinstance(key, str)}


def _without_null(value: object) -> object:
    return "" if value in ("null", "~") else value
