"""The rooms of the house: each imports only from rooms above it, and the first page names them all."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import searchkit
from searchkit.readers import FORMATS

PACKAGE = Path(searchkit.__file__).parent
ROOT = PACKAGE.parent
# The table of ARCHITECTURE.md, from the top down; ``version`` and ``frozen`` stand above all.
ROOMS = [
    "version", "frozen", "errors", "article", "analysis", "readers", "query", "store", "engine", "memory", "local",
    "cluster", "results", "index", "indexing", "cli",
]  # fmt: skip
# The front door and the program's entry stand below everything.
DOORS = ["__init__", "__main__"]


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """The rooms that a file imports from, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} has a relative import"
            names = [node.module or ""]
            if node.module == "searchkit":
                names = [f"searchkit.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "searchkit":
                yield parts[1] if len(parts) > 1 else "__init__"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_from_rooms_above_it(path: Path) -> None:
    here = room(path)
    if here in DOORS:
        return
    allowed = ROOMS[: ROOMS.index(here) + 1]
    assert set(imported(path)) <= set(allowed)


def test_every_room_is_in_the_list() -> None:
    assert {room(path) for path in modules()} == {*ROOMS, *DOORS}


def test_architecture_has_a_heading_for_every_room_and_its_paths_and_links_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## `(\w+)(?:\.py|/)`", text, re.MULTILINE)
    assert headings == [name for name in ROOMS if name != "version"]
    for name in re.findall(r"`((?:searchkit|tests|seeds|index)/[\w./-]*)`", text):
        assert (ROOT / name).exists(), name
    for link in re.findall(r"\]\((?!https?://)([^)#]+)", text):
        assert (ROOT / link).exists(), link


def test_whoosh_stays_in_its_room() -> None:
    for path in modules():
        if room(path) != "local":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = {
                name.split(".")[0]
                for node in ast.walk(tree)
                for name in (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else [node.module or ""]
                    if isinstance(node, ast.ImportFrom)
                    else []
                )
            }
            assert "whoosh" not in names, path


def test_nothing_below_the_command_line_prints() -> None:
    for path in modules():
        if room(path) == "cli":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("print", "exit", "quit", "eval", "exec"), path


def test_the_front_door_offers_just_this() -> None:
    assert sorted(searchkit.__all__) == [
        "Article", "Hit", "Index", "Origin", "Problem", "Results", "SearchkitError", "__version__", "open",
    ]  # fmt: skip


def test_the_exception_tree_is_drawn_as_it_is() -> None:
    from searchkit import errors

    drawn = re.findall(r"^[ │├└─]*([A-Z]\w+)", str(errors.__doc__).split("tree.")[1].split("Each message")[0], re.M)
    raised = [name for name, value in vars(errors).items() if isinstance(value, type)]
    assert sorted(drawn) == sorted(raised)
    for name in raised:
        assert issubclass(getattr(errors, name), searchkit.SearchkitError)


def third_party(node: ast.AST) -> Iterator[str]:
    """The packages of others that a tree imports when it runs; what only the type checker reads is left out."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if isinstance(node, ast.ImportFrom):
        names = [node.module or ""]
    yield from {name.partition(".")[0] for name in names} - {"searchkit", *sys.stdlib_module_names}
    for child in ast.iter_child_nodes(node):
        yield from third_party(child)


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_imports_only_what_is_installed_with_the_package(path: Path) -> None:
    """The store once imported a package that came with the tests alone: installed plainly, it did not start.

    A reader whose format needs an extra is imported when a file of that format comes, and may import that extra.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    alone = {
        "indexing/watching.py": "watch",
        "readers/language_detection.py": "language",
        "cluster/connection.py": "cluster",
    }
    if extra := alone.get(path.relative_to(PACKAGE).as_posix()):
        wanted += project["optional-dependencies"][extra]
    for row in FORMATS:
        if row.extra and path == PACKAGE / "readers" / f"{row.reader.partition(':')[0]}.py":
            wanted += project["optional-dependencies"][row.extra]
    declared = {re.split(r"[^\w.-]", item)[0].lower() for item in wanted}
    owners = packages_distributions()
    for package in third_party(ast.parse(path.read_text(encoding="utf-8"))):
        assert declared & {owner.lower() for owner in owners.get(package, ())}, f"{path} imports {package}"
