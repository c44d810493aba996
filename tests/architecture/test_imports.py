"""Imports point one way, name only declared dependencies, and start the command line without the heavy libraries."""

import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
MIDDLE = {"retrieval", "features", "ranking", "evaluation"}
MAY_IMPORT = {
    "data": set(),
    **{package: {"data"} for package in MIDDLE},
    "report": {"data"},
    **{package: {"data", "report", "pipelines"} | MIDDLE for package in ("pipelines", "serving", "lookbook", "benchmarks")},
}
PIPELINES = (
    {"errors", "terminal"},
    {"machine", "settings"},
    {"stages"},
    {"dry_run"},
    {"runs"},
    {"run"},
    {"ablation", "studies/backtest", "explain", "data_sets"},
    {"studies/tuning", "studies/leaderboard"},
    {"report", "answer"},
    {"commands"},
)
"""The parts of pipelines/: each may import those in the rows above it, and itself."""
OTHER_ENVIRONMENTS = Path("benchmarks", "peers", "programs")
"""Programs that run in environments of their own; requirements/ beside them declares what they import."""
HEAVY = {"tensorflow", "keras", "lightgbm", "faiss", "altair", "vl_convert", "optuna", "sqlalchemy"}


def wrong_directions(root: Path) -> str:
    """Every import from one package of the project to another that MAY_IMPORT does not list."""
    return "\n".join(
        f"{file.relative_to(root)}:{line} imports {name}"
        for package, allowed in MAY_IMPORT.items()
        for file in sorted(root.glob(f"{package}/**/*.py"))
        for line, name in imports(ast.parse(file.read_text()))
        if (target := package_of(name)) in MAY_IMPORT and target not in {package, *allowed}
    )


def against_the_order(root: Path) -> str:
    """Every import from one part of pipelines/ to another that PIPELINES does not put above it."""
    row = {part: place for place, parts in enumerate(PIPELINES) for part in parts}
    return "\n".join(
        f"{file.relative_to(root)}:{line} imports {name}"
        for file in sorted(root.glob("pipelines/**/*.py"))
        for line, name in imports(ast.parse(file.read_text()))
        if name.startswith("lookbook.pipelines.")
        and (own := part_of(file.relative_to(root / "pipelines").with_suffix("").parts)) != (other := part_of(name.split(".")[2:]))
        and row[other] >= row[own]
    )


def part_of(path: Sequence[str]) -> str:
    """The part of pipelines/ that a module is in; each study is one."""
    return "/".join(path[: 2 if path[0] == "studies" else 1])


def package_of(name: str) -> str:
    """The package of the project that a dotted name is of: of lookbook.data.schema it is data."""
    parts = name.split(".")
    return parts[1] if parts[0] == "lookbook" and len(parts) > 1 else parts[0]


def heavy_chains(root: Path, start: str) -> list[str]:
    """Every chain of imports that run when module `start` is imported and that ends in a heavy library."""
    chains, seen, problems = [[start]], {start}, []
    while chains:
        chain = chains.pop()
        file = root / (chain[-1].removeprefix("lookbook.").replace(".", "/") + ".py")
        names = {name for _, name in imports(at_start(ast.parse(file.read_text())))} if file.exists() else set()
        problems += [" -> ".join([*chain, name]) for name in sorted(names) if name.split(".")[0] in HEAVY]
        chains += [[*chain, name] for name in sorted(names - seen) if package_of(name) in MAY_IMPORT]
        seen |= names
    return problems


def undeclared(root: Path, folders: Iterable[str], requirements: list[str]) -> list[str]:
    """Imported modules that neither Python, nor the project, nor a distribution named in `requirements` brings."""
    declared = {canonicalize_name(Requirement(requirement).name) for requirement in requirements}
    known = {*sys.stdlib_module_names, *MAY_IMPORT, "__future__"}
    brings = packages_distributions()
    files = [file for folder in folders for file in root.glob(f"{folder}/**/*.py") if file.parent != root / OTHER_ENVIRONMENTS]
    found = {name.split(".")[0] for file in files for _, name in imports(ast.parse(file.read_text()))} - known
    return sorted(name for name in found if not declared & {canonicalize_name(d) for d in brings.get(name, [])})


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of every import; `from a import b` gives a and a.b, since b may be a module."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                yield from ((node.lineno, name) for name in (module, *(f"{module}.{alias.name}" for alias in names)))
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name


def at_start(tree: ast.Module) -> ast.Module:
    """The tree without the bodies of functions and of `if TYPE_CHECKING`, which do not run on import."""

    class Start(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
            return None

        def visit_If(self, node: ast.If) -> ast.AST | None:
            return None if "TYPE_CHECKING" in ast.unparse(node.test) else self.generic_visit(node)

    return Start().visit(tree)


def write(root: Path, name: str, code: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(code)


def test_imports_point_one_way():
    assert wrong_directions(ROOT) == ""


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("data/a.py", "import lookbook.retrieval"),
        ("retrieval/deep/a.py", "from lookbook.features.feature import Feature"),
        ("features/a.py", "def f():\n    from lookbook.pipelines import config"),
        ("ranking/a.py", "import importlib\nimportlib.import_module('lookbook.evaluation.metrics')"),
        ("report/a.py", "from lookbook.pipelines.runs.records.files import as_json"),
        ("evaluation/a.py", "import lookbook.serving.answer as answer"),
    ],
)
def test_an_import_against_the_direction_is_found(file, code, tmp_path):
    write(tmp_path, file, code)
    assert wrong_directions(tmp_path) != ""


def test_an_import_along_the_direction_is_fine(tmp_path):
    write(tmp_path, "retrieval/a.py", "import polars, lookbook.data.schema\nfrom lookbook.retrieval.source import Tables")
    write(tmp_path, "pipelines/a.py", "from lookbook.retrieval import registry")
    assert wrong_directions(tmp_path) == ""


def test_the_parts_of_pipelines_import_in_one_order():
    assert against_the_order(ROOT) == ""


def test_an_import_against_the_order_of_pipelines_is_found(tmp_path):
    write(tmp_path, "pipelines/stages/a.py", "from lookbook.pipelines.runs.folder import find_run")
    write(tmp_path, "pipelines/runs/b.py", "from lookbook.pipelines.stages.a import x\nfrom lookbook.pipelines.runs.c import y")
    assert against_the_order(tmp_path) == "pipelines/stages/a.py:1 imports lookbook.pipelines.runs.folder\n" + (
        "pipelines/stages/a.py:1 imports lookbook.pipelines.runs.folder.find_run"
    )


@pytest.mark.parametrize("start", ["lookbook.pipelines.commands.main", "lookbook.retrieval.registry", "lookbook.features.registry"])
def test_settings_and_help_need_no_heavy_library(start):
    assert (ROOT / (start.replace(".", "/") + ".py")).is_file()
    assert heavy_chains(ROOT, start) == []


def test_every_imported_library_is_a_declared_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert undeclared(ROOT, MAY_IMPORT, project["dependencies"] + project["optional-dependencies"]["pictures"]) == []
    assert undeclared(ROOT, ["tests"], project["dependencies"] + project["optional-dependencies"]["dev"]) == []


def test_an_undeclared_library_is_found(tmp_path):
    write(tmp_path, "data/a.py", "import os, polars\nfrom packaging.version import Version\nimport not_there")
    assert undeclared(tmp_path, ["data"], ["polars>=2"]) == ["not_there", "packaging"]


def test_a_heavy_library_is_found_through_any_number_of_modules(tmp_path):
    write(tmp_path, "pipelines/commands/main.py", "from lookbook.retrieval import registry\ndef run():\n    import lightgbm")
    write(tmp_path, "retrieval/registry.py", "from lookbook.retrieval.network import Network")
    write(tmp_path, "retrieval/network.py", "if True:\n    from keras import ops")
    chain = "lookbook.pipelines.commands.main -> lookbook.retrieval.registry -> lookbook.retrieval.network -> keras"
    assert heavy_chains(tmp_path, "lookbook.pipelines.commands.main")[0] == chain
    write(tmp_path, "retrieval/registry.py", "def f():\n    from lookbook.retrieval.network import Network")
    assert heavy_chains(tmp_path, "lookbook.pipelines.commands.main") == []
