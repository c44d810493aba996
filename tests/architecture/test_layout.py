"""Files and functions stay small, are named after what they are about, and say what they do."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
MAX_LINES, MAX_MEDIAN_LINES, MAX_FUNCTION_LINES, MAX_FILES = 300, 100, 40, 14
NAMES_THAT_SAY_NOTHING = {"utils", "util", "common", "core", "helpers", "helper", "base", "misc"}
PACKAGES = tuple(sorted(file.parent.name for file in ROOT.glob("*/__init__.py")))


def lengths(root: Path) -> dict[str, int]:
    """Lines of every file that holds any, of the packages and the tests."""
    files = [file for folder in (*PACKAGES, "tests") for file in sorted(root.glob(f"{folder}/**/*.py"))]
    counted = {str(file.relative_to(root)): len(file.read_text().splitlines()) for file in files}
    return {file: lines for file, lines in counted.items() if lines}


def long_functions(root: Path, folders: tuple[str, ...]) -> Iterator[str]:
    for file, tree in modules(root, folders):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and (lines := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION_LINES:
                yield f"{file}:{node.lineno} {node.name} has {lines} lines"


def silent_modules(root: Path) -> list[str]:
    """Modules with code and no docstring."""
    return [file for file, tree in modules(root, PACKAGES) if tree.body and not ast.get_docstring(tree)]


def talking_tests(root: Path) -> list[str]:
    """Tests with a docstring: their name should have said it."""
    functions = ((file, node) for file, tree in modules(root, ("tests",)) for node in ast.walk(tree))
    return [
        f"{file}:{node.lineno} {node.name}"
        for file, node in functions
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and ast.get_docstring(node)
    ]


def empty_names(root: Path) -> list[str]:
    parts = {part for file in lengths(root) for part in Path(file).with_suffix("").parts}
    return sorted(parts & NAMES_THAT_SAY_NOTHING)


def crowded(root: Path) -> dict[str, int]:
    """Folders with more than MAX_FILES modules, and how many they have."""
    counted = Counter(
        str(file.parent.relative_to(root)) for folder in (*PACKAGES, "tests") for file in root.glob(f"{folder}/**/*.py")
    )
    return {folder: count for folder, count in counted.items() if count > MAX_FILES}


def packages(root: Path) -> set[str]:
    return {file.parent.name for file in root.glob("*/__init__.py")}


def modules(root: Path, folders: tuple[str, ...]) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for file in sorted(root.glob(f"{folder}/**/*.py")):
            yield str(file.relative_to(root)), ast.parse(file.read_text())


def test_no_file_is_over_300_lines_and_half_are_under_100():
    assert {file: lines for file, lines in lengths(ROOT).items() if lines > MAX_LINES} == {}
    assert median(lines for file, lines in lengths(ROOT).items() if not file.startswith("tests/")) <= MAX_MEDIAN_LINES


def test_no_function_is_over_40_lines():
    assert "\n".join(long_functions(ROOT, (*PACKAGES, "tests"))) == ""


def test_no_folder_is_crowded_and_pipelines_shows_its_parts():
    assert crowded(ROOT) == {}
    top = ROOT / "pipelines"
    assert {file.name for file in top.glob("*.py")} == {"__init__.py", "errors.py", "run.py", "report.py"}
    assert len([folder for folder in top.iterdir() if (folder / "__init__.py").exists()]) <= 12


def test_every_module_says_what_it_is_about():
    assert silent_modules(ROOT) == []


def test_a_test_is_named_as_a_sentence_and_needs_no_docstring():
    assert talking_tests(ROOT) == []


def test_nothing_is_named_after_what_it_is_not_about():
    assert empty_names(ROOT) == []


def test_every_package_is_part_of_lookbook_and_found_under_its_own_name():
    found = packages(ROOT) - {"lookbook", "benchmarks"}
    links = {link.name: link.readlink() for link in (ROOT / "lookbook").iterdir() if link.is_symlink()}
    assert links == {package: Path("..", package) for package in found}


def test_what_breaks_a_layout_rule_is_found(tmp_path):
    for folder in ("data", "tests", "data/utils"):
        (tmp_path / folder).mkdir()
    (tmp_path / "data" / "__init__.py").touch()
    (tmp_path / "data" / "long.py").write_text("def f():\n" + "    x = 1\n" * 40 + "y = 1\n" * 260)
    (tmp_path / "data" / "utils" / "short.py").write_text('"""Says it."""\n\ndef f():\n' + "    x = 1\n" * 39)
    (tmp_path / "tests" / "test_a.py").write_text('def test_a():\n    """Says more."""\n')
    assert lengths(tmp_path) == {"data/long.py": 301, "data/utils/short.py": 42, "tests/test_a.py": 2}
    assert list(long_functions(tmp_path, ("data",))) == ["data/long.py:1 f has 41 lines"]
    assert silent_modules(tmp_path) == ["data/long.py"]
    assert talking_tests(tmp_path) == ["tests/test_a.py:1 test_a"]
    assert empty_names(tmp_path) == ["utils"]
    assert crowded(tmp_path) == {}
    for n in range(13):
        (tmp_path / "data" / f"part{n}.py").touch()
    assert crowded(tmp_path) == {"data": 15}
    assert packages(tmp_path) == {"data"}
