"""What the documentation says is what the program does."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from places import ROOT, SEED, Run
from typer.main import get_command

from searchkit.cli.main import app

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]


def test_every_command_and_option_is_in_the_readme() -> None:
    for name, command in COMMANDS.items():
        section = re.search(rf"^### `searchkit {name}.*?(?=^##)", README, re.MULTILINE | re.DOTALL)
        assert section, name
        for parameter in command.params:
            for option in (*parameter.opts, *parameter.secondary_opts):
                if option.startswith("-") and option not in ("--help", "-h"):
                    assert f"`{option}" in section[0] or f" {option}`" in section[0], (name, option)
    assert "--version" in README


def test_every_option_in_the_readme_exists() -> None:
    known = {option for command in COMMANDS.values() for p in command.params for option in p.opts}
    known |= {"--version", "--help", "--install-completion"}
    sections = README.split("## Commands")[1].split("\n## ")[0]
    assert set(re.findall(r"(?<![\w-])(--[a-z][a-z-]*)", sections)) <= known


@pytest.mark.parametrize("name", [*COMMANDS, ""])
def test_the_example_of_every_help_works(name: str, searchkit: Run, tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    shutil.copy(SEED, tmp_path / "seeds")
    assert searchkit("index", "seeds").returncode == 0
    text = searchkit(*([name] if name else []), "--help").stdout
    example = " ".join(text.split("Example:")[1].split())
    # No cluster is needed to see that what the example says of one is right: a folder takes its place.
    example = re.sub(r"opensearch://\S+", "elsewhere/", example)
    for command in example.split("&&"):
        program, *words = shlex.split(command)
        assert program == "searchkit"
        done = searchkit(*words)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout


def test_every_command_has_help_and_every_option_says_what_it_does() -> None:
    for name, command in COMMANDS.items():
        assert command.help, name
        for parameter in command.params:
            assert parameter.help, (name, parameter.name)


def test_every_dependency_has_its_reason_in_the_readme() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [item for items in project["optional-dependencies"].values() for item in items]
    table = README.split("## Dependencies")[1]
    for requirement in (*project["dependencies"], *extras):
        name = re.split(r"[<>=\[]", requirement)[0]
        if name == project["name"]:
            continue
        assert re.search(r"[<=]", requirement), requirement
        assert f"| {name} |" in table, name


def test_every_target_of_the_makefile_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    for target in phony[1].split():
        assert re.search(rf"^{target}:.*## \w", makefile, re.MULTILINE), target
