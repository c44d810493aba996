"""Every command, flag, make target, module and folder that a document names is there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App, CycloptsError, MissingArgumentError

from lookbook.pipelines.commands.main import app

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*/README.md"))]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+(?:\n[^`\n]+)?)`")
STANDS_FOR = {"PHASE": "learn", "N": "1"}
"""Words of documents that stand for a value that is checked."""
MADE = ("artifacts/", "twin/", "hm/")
"""Folders that commands make."""


def typed(text: str) -> Iterator[list[str]]:
    """What a document says can be typed, as words: lines of its sh blocks without remarks, and inline code."""
    for block in BLOCK.findall(text):
        lines = re.sub(r"\s*\\\n\s*", " ", block).splitlines()
        yield from (words for line in lines if (words := shlex.split(line, comments=True)))
    for code in INLINE.findall(re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)):
        yield code.split()


def wrong_commands(text: str) -> Iterator[str]:
    """Commands of lookbook that it would not understand, with the flags that are named."""
    groups = {(group, command) for group in names(app) for command in names(app[group])}
    for words in typed(text):
        given = words[1:] if words[0].endswith("lookbook") else words if tuple(words[:2]) in groups else []
        values = [STANDS_FOR.get(word, word) for word in given]
        if not values or "COMMAND" in values:
            continue
        try:
            app.parse_args(values, exit_on_error=False, print_error=False)
        except MissingArgumentError:
            continue  # a command that is only named
        except CycloptsError:
            yield " ".join(words)


def wrong_names(text: str, root: Path = ROOT) -> Iterator[str]:
    """Flags, make targets, modules and folders that are not there."""
    scripts = "".join(file.read_text() for file in [*root.glob("benchmarks/**/*.py"), *root.glob("Makefile")])
    targets = re.findall(r"^([a-z-]+):", scripts, re.MULTILINE)
    parameters = re.findall(r"^    ([a-z_]+): Annotated", scripts, re.MULTILINE)
    known = flags(app) | set(re.findall(r"--[a-z][a-z-]+", scripts)) | {f"--{name.replace('_', '-')}" for name in parameters}
    for words in typed(text):
        code = " ".join(words)
        if words[0] == "make" and len(words) > 1 and "=" not in words[1] and words[1] not in targets:
            yield code
        if (module := re.search(r"python -m ((?:lookbook|benchmarks)[a-z_.]*)", code)) and not is_module(module[1], root):
            yield code
        if words[0].startswith("--") and words[0].partition("=")[0] not in known:
            yield code
        if re.fullmatch(r"(?:\.?[a-z_]+/)+", code) and not code.startswith(MADE) and not (root / code).is_dir():
            yield code


def names(group: App) -> set[str]:
    return {name for name in group if not name.startswith("-")}


def flags(group: App) -> set[str]:
    """Of all commands below `group`."""
    own = {name for argument in group.assemble_argument_collection() for name in argument.names} if group.default_command else set()
    return own.union({"--help", "--version"}, *(flags(group[name]) for name in names(group)))


def is_module(name: str, root: Path) -> bool:
    path = root.joinpath(*name.removeprefix("lookbook.").split("."))
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_a_document_says_can_be_typed(document: Path) -> None:
    assert list(wrong_commands(document.read_text())) == []
    assert list(wrong_names(document.read_text())) == []


def test_documents_name_commands_that_are_checked() -> None:
    words = [words for document in DOCUMENTS for words in typed(document.read_text())]
    assert {"run", "explain", "ablate", "report", "runs", "recommend", "data", "doctor"} <= {
        each[1] for each in words if each[0] == "lookbook" and len(each) > 1
    }


@pytest.mark.parametrize(
    "text",
    [
        "`lookbook rnu`",
        "`lookbook run --no-such-flag`",
        "`lookbook run --stop-after nowhere`",
        "`runs compare A B --no-such-flag`",
        "```sh\nlookbook explain \\\n    --costumer 1  # a remark\n```",
    ],
)
def test_a_command_that_is_not_understood_is_found(text: str) -> None:
    assert len(list(wrong_commands(text))) == 1


@pytest.mark.parametrize(
    "text", ["`make nothing`", "`--no-such-flag`", "`retrieval/sorces/`", "`python -m lookbook.retrieval.nowhere`", "`.co/`"]
)
def test_a_name_of_what_is_not_there_is_found(text: str) -> None:
    assert len(list(wrong_names(text))) == 1


def test_what_is_there_is_not_reported() -> None:
    text = "`lookbook run --stop-after PHASE`, `data twin`, `make test`, `--sample 0.01`, `retrieval/sources/`, `artifacts/runs/`"
    assert list(wrong_commands(text)) == list(wrong_names(text)) == []
