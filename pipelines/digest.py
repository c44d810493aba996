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

PACKAGES = ("data", "retrieval", "features", "ranking", "evaluation")
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
    """Digest of the modules and of every project module they import, directly or not, inside functions too."""
    found: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        spec = find_spec(module)
        if spec is None or spec.origin is None:
            continue
        source = Path(spec.origin).read_text()
        found[module] = hashlib.sha256(source.encode()).hexdigest()
        waiting += _project_imports(source)
    return digest({**found, **library_versions()})


def _project_imports(source: str) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.split(".")[0] in PACKAGES and _is_module(name)]


@cache
def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
