"""Every file, function and link that a document names is there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*/README.md"))]
FILE = re.compile(r"`((?:[a-z_]+/)+[a-z_.-]+\.(?:py|toml|md|json|css|js))`")
FUNCTION = re.compile(r"`([a-z_/]+\.py)`: (`[A-Za-z_.]+`(?: and `[A-Za-z_.]+`)*)")
LINK = re.compile(r"\]\(([^)#:]+)\)")


def missing(document: Path, root: Path = ROOT) -> Iterator[str]:
    """What `document` names that is not there."""
    text = document.read_text()
    yield from (name for name in FILE.findall(text) if not name.startswith("artifacts/") and not (root / name).exists())
    yield from (link for link in LINK.findall(text) if not (document.parent / link).exists())
    for file, names in FUNCTION.findall(text):
        found = set(defined(ast.parse((root / file).read_text()))) if (root / file).exists() else set()
        yield from (f"{file}: {name}" for name in re.findall(r"`([^`]+)`", names) if name not in found)


def defined(tree: ast.Module) -> Iterator[str]:
    """Functions and classes of a module, and `Class.method`; a method also by its own name."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        if isinstance(node, ast.ClassDef):
            methods = [inner.name for inner in node.body if isinstance(inner, ast.FunctionDef)]
            yield from (*methods, *(f"{node.name}.{method}" for method in methods))


def test_what_documents_name_is_there():
    assert {str(document.relative_to(ROOT)): gone for document in DOCUMENTS if (gone := list(missing(document)))} == {}


def test_what_is_not_there_is_found(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "windows.py").write_text("def week():\n    pass\n\nclass Window:\n    def end(self):\n        pass\n")
    document = tmp_path / "a.md"
    document.write_text("`data/windows.py`: `week` and `Window.end`; `data/gone.py`; [x](b.md); `data/windows.py`: `gone`")
    assert list(missing(document, tmp_path)) == ["data/gone.py", "b.md", "data/windows.py: gone"]
