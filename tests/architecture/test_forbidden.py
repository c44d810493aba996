"""What must stand nowhere: files that run code when read, a clock in what is learned, row loops."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = tuple(sorted(file.parent.name for file in ROOT.glob("*/__init__.py")))
UNSAFE = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
CLOCKS = {"datetime", "time", "calendar", "zoneinfo", "random"}
OWN_RANDOM_STATE = {"default_rng", "Generator", "SeedSequence", "BitGenerator", "PCG64", "Philox"}
OTHER_LIBRARIES = "benchmarks/peers/programs/"
"""What users of other libraries have to write, in the tables of these."""
Rule = Callable[[ast.AST], str | None]


def unsafe_files(node: ast.AST) -> str | None:
    """Reading a pickle runs what is in it; keras.models.load_model builds whatever layers a file names."""
    match node:
        case ast.Import() | ast.ImportFrom() if names(node) & UNSAFE:
            return "a pickle library"
        case ast.keyword(arg="allow_pickle", value=value) if ast.unparse(value) != "False":
            return "allow_pickle"
        case ast.Attribute(attr="load_model") | ast.alias(name="load_model"):
            return "load_model"
    return None


def clock_or_global_random(node: ast.AST) -> str | None:
    """Dates and seeds come from outside: a History knows days_ago, and a seed is an argument."""
    match node:
        case ast.Import() | ast.ImportFrom() if names(node) & CLOCKS:
            return "a clock, a date or the random module"
        case ast.Attribute(value=ast.Name(id="pl"), attr="Date" | "Datetime" | "date" | "datetime") | ast.Constant(value="date"):
            return "a date"
        case ast.Attribute(value=ast.Attribute(attr="random", value=ast.Name(id="np" | "numpy")), attr=attr) if (
            attr not in OWN_RANDOM_STATE
        ):
            return f"np.random.{attr}"
        case ast.ImportFrom(module="numpy.random", names=aliases) if {a.name for a in aliases} - OWN_RANDOM_STATE:
            return "numpy.random"
        case ast.Attribute(attr="set_seed" | "set_random_seed"):
            return "a global seed"
    return None


def row_by_row(node: ast.AST) -> str | None:
    match node:
        case ast.Attribute(attr="map_elements" | "map_rows" | "iterrows" as attr):
            return attr
        case ast.Import() | ast.ImportFrom() if "pandas" in names(node):
            return "pandas"
    return None


def own_order_of_articles(node: ast.AST) -> str | None:
    """Best first and equals by the article is data/order.py's to say, so that a tie is broken alike everywhere."""
    match node:
        case ast.Call(func=ast.Attribute(attr="sort"), args=by, keywords=options) if any(
            isinstance(key, ast.Constant) and key.value == "article" for key in by
        ) and any(option.arg == "descending" for option in options):
            return "an order of articles of its own; take best_first"
    return None


def names(node: ast.Import | ast.ImportFrom) -> set[str]:
    """The top-level modules that an import statement names."""
    modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    return {module.split(".")[0] for module in modules}


def broken(rule: Rule, folders: tuple[str, ...], root: Path = ROOT) -> str:
    """One line for each place that breaks the rule."""
    return "\n".join(_broken(rule, folders, root))


def _broken(rule: Rule, folders: tuple[str, ...], root: Path) -> Iterator[str]:
    for folder in folders:
        for file in sorted(root.glob(f"{folder}/**/*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if problem := rule(node):
                    yield f"{file.relative_to(root)}:{getattr(node, 'lineno', '')} {problem}"


def test_nothing_that_is_read_can_run_code():
    assert broken(unsafe_files, PACKAGES) == ""


def test_what_is_learned_knows_no_date_no_clock_and_no_global_random_state():
    assert broken(clock_or_global_random, ("retrieval", "features")) == ""


def test_tables_are_never_walked_row_by_row():
    assert [line for line in broken(row_by_row, PACKAGES).splitlines() if not line.startswith(OTHER_LIBRARIES)] == []


def test_what_is_retrieved_ranked_and_judged_is_ordered_in_one_place():
    assert broken(own_order_of_articles, ("retrieval", "ranking", "evaluation")) == ""


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (unsafe_files, "import pickle"),
        (unsafe_files, "from joblib.externals import load"),
        (unsafe_files, "np.load(file, allow_pickle=True)"),
        (unsafe_files, "from keras.models import load_model"),
        (unsafe_files, "keras.saving.load_model(path)"),
        (clock_or_global_random, "from datetime import date"),
        (clock_or_global_random, "import os, time"),
        (clock_or_global_random, "import random"),
        (clock_or_global_random, "pl.col('date')"),
        (clock_or_global_random, "pl.lit(0).cast(pl.Date)"),
        (clock_or_global_random, "np.random.shuffle(rows)"),
        (clock_or_global_random, "from numpy.random import seed"),
        (clock_or_global_random, "keras.utils.set_random_seed(1)"),
        (row_by_row, "frame.with_columns(pl.col('a').map_elements(f))"),
        (row_by_row, "frame.map_rows(f)"),
        (row_by_row, "import pandas as pd"),
        (own_order_of_articles, "t.sort('customer', 'score', 'article', descending=[False, True, False])"),
    ],
)
def test_what_breaks_a_rule_is_found(rule, code, tmp_path):
    (tmp_path / "retrieval").mkdir()
    (tmp_path / "retrieval" / "a.py").write_text(code)
    assert broken(rule, ("retrieval",), tmp_path).count("a.py:") == 1


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (own_order_of_articles, "t.sort('customer', 'article')"),
        (unsafe_files, "np.load(file, allow_pickle=False)"),
        (clock_or_global_random, "rng = np.random.default_rng(seed)\nrng.shuffle(rows)"),
        (clock_or_global_random, "'''The date is not known here.'''"),
    ],
)
def test_what_keeps_a_rule_is_not_reported(rule, code, tmp_path):
    (tmp_path / "retrieval").mkdir()
    (tmp_path / "retrieval" / "a.py").write_text(code)
    assert broken(rule, ("retrieval",), tmp_path) == ""
