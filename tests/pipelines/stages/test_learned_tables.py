from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.windows import Window
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.settings.config import load_settings
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.learn import learned_tables
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.terminal.progress import Reporter

WEEK = Window(date(2020, 9, 16))
TablesOf = Callable[[dict[str, dict[str, int]]], dict[str, int]]


@dataclass(frozen=True)
class Learned:
    name: str
    tables: dict[str, pl.LazyFrame]


@pytest.fixture
def tables_of(market: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TablesOf:
    """The tables that features get, and the number in each, of sources that learn tables of one number."""

    def build(sources: dict[str, dict[str, int]]) -> dict[str, int]:
        stages = [Learned(name, {n: pl.LazyFrame({"a": [v]}) for n, v in learns.items()}) for name, learns in sources.items()]
        monkeypatch.setattr("lookbook.pipelines.stages.learn.learned", lambda system, source, window: source)
        monkeypatch.setattr(System, "sources", tuple(stages))
        system = System(market, tmp_path, load_settings(), Artifacts(tmp_path, Reporter("quiet")), "cpu", WEEK)
        return {name: table.collect()["a"].item() for name, table in learned_tables(system, WEEK).items()}

    return build


def test_features_get_the_tables_that_they_read_and_no_other(tables_of: TablesOf) -> None:
    sources = {"one": {"neighbours": 1, "article": 2}, "two": {"neighbours": 3, "article_embeddings": 4, "customer_embeddings": 5}}
    assert tables_of(sources) == {"article_embeddings": 4, "customer_embeddings": 5}


def test_two_sources_with_one_table_that_features_read_are_refused(tables_of: TablesOf) -> None:
    sources = {"one": {"customer_embeddings": 1}, "two": {"neighbours": 3}, "three": {"customer_embeddings": 4}}
    with pytest.raises(SettingsError, match="one and three both learn 'customer_embeddings'"):
        tables_of(sources)
