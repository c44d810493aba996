"""Names for what a stage computed: digests of its parameters and of the code that computes it.

Two runs share a table exactly if the code, the library versions, the settings and the data behind it are the same.
"""

import ast
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

PACKAGES = tuple(f"lookbook.{package}" for package in ("data", "retrieval", "features", "ranking", "evaluation"))
"""Those whose code counts; of pipelines/, the modules that a stage names."""
LIBRARIES = ("polars", "numpy", "scipy", "lightgbm", "keras", "tensorflow", "faiss-cpu")


def digest(key: Mapping[str, object]) -> str:
    """SHA-256 (first 16 hex digits) of a JSON-ready mapping; the order of its keys does not matter."""
    return hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()[:16]


def file_sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@cache
def library_versions() -> dict[str, str]:
    return {library: version(library) for library in LIBRARIES}


@cache
def code_digest(*modules: str) -> str:
    """Digest of what the modules and every project module they import, directly or not, inside functions too, do: comments,
    docstrings and layout do not count.

    Raises:
        ValueError: there is no such module, so that a renamed one cannot pass for unchanged code.
    """
    found: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        file = _source_file(module)
        if file is None:
            raise ValueError(f"code digest of {module!r}: no such module")
        tree = ast.parse(file.read_text())
        found[module] = _meaning(tree)
        waiting += _project_imports(tree)
    return digest({**found, **library_versions()})


@cache
def written_by(*modules: str) -> str:
    """Digest of all code that decides what a run leaves: PACKAGES, the steps beside this file, and `modules`. Comments, docstrings
    and layout do not count, nor do the versions of libraries, which run.json tells as well."""
    root = Path(__file__).parents[2]
    folders = [root / package.removeprefix("lookbook.") for package in PACKAGES] + [Path(__file__).parent]
    files = {file for folder in folders for file in folder.rglob("*.py")} | {
        root.joinpath(*module.split(".")[1:]).with_suffix(".py") for module in modules
    }
    return digest({str(file.relative_to(root)): _meaning(ast.parse(file.read_text())) for file in files})


def _meaning(tree: ast.Module) -> str:
    """Digest of what a module does."""
    return hashlib.sha256(ast.dump(without_docstrings(tree)).encode()).hexdigest()


def without_docstrings(tree: ast.Module) -> ast.Module:
    """The tree, changed in place: the docstrings of modules, classes and functions are empty."""
    for node in ast.walk(tree):
        if (
            isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            and ast.get_docstring(node) is not None
        ):
            node.body[0] = ast.Expr(ast.Constant(""))
    return tree


def _project_imports(tree: ast.Module) -> list[str]:
    """Of `from a import b`, a, and a.b where that is a module too."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names += [node.module, *(name for name in inner if _is_project(name) and _source_file(name))]
    return [name for name in names if _is_project(name)]


def _is_project(module: str) -> bool:
    return ".".join(module.split(".")[:2]) in PACKAGES


def _source_file(module: str) -> Path | None:
    """Where a project module stands; null if there is no such module. Nothing is imported but its package: asking find_spec for
    more would load TensorFlow, in seconds, before anybody needs it."""
    package, *inner = module.split(".")
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent.joinpath(*inner)
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()), None)
