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
        file = _source_file(module)
        if file is None:
            continue
        source = file.read_text()
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
    return [name for name in names if name.split(".")[0] in PACKAGES]


def _source_file(module: str) -> Path | None:
    """Where a project module stands; null if `module` is no module but a name in one. Nothing is imported but its package:
    asking find_spec for more would load TensorFlow, in seconds, before anybody needs it."""
    package, *inner = module.split(".")
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent.joinpath(*inner)
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()), None)
