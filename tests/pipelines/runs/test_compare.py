"""Two runs side by side, on a folder in H&M form: settings, metrics paired by customer, who gained and who lost."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.windows import last_window
from lookbook.evaluation.metrics import customer_metrics
from lookbook.pipelines.errors import ArtifactError
from lookbook.pipelines.run import run
from lookbook.pipelines.runs.compare import Comparison, compare, flat
from lookbook.pipelines.runs.listing_display import show_comparison
from lookbook.pipelines.runs.records.files import as_line
from lookbook.pipelines.runs.records.finished import Changed
from lookbook.pipelines.settings.config import load_settings
from lookbook.pipelines.stages.artifacts import write_manifest
from lookbook.pipelines.terminal.progress import Reporter

SMALL = {
    "data.dataset": "hm",
    "ranking.training_weeks": 3,
    "ranking.lambdarank.min_examples_in_leaf": 2,
    "ranking.lambdarank.max_trees": 4,
    "ranking.lambdarank.early_stopping_rounds": 30,
    "evaluation.bootstrap_resamples": 100,
}
MakeCopy = Callable[..., str]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, write_hm: Callable[..., Path]) -> Path:
    """artifacts with two runs: `popularity` recommends what sells most, `repurchase` what a customer bought before."""
    root = tmp_path_factory.mktemp("runs")
    write_hm(root / "hm")
    for source in ("popularity", "repurchase"):
        settings = load_settings(overrides={**SMALL, "data.data_dir": str(root / "hm"), "retrieval.sources": [source]})
        folder = run(settings, Reporter("quiet"), root=root / "artifacts", final=False)
        folder.rename(folder.with_name(source))
    (root / "artifacts" / "runs" / "latest").unlink()
    return root / "artifacts"


@pytest.fixture
def copy_with(runs: Path) -> MakeCopy:
    """A copy of the run `repurchase` whose run.json, or whose settings file, is another."""

    def copy(name: str, *, settings: tuple[str, str] = ("", ""), **about: object) -> str:
        folder = runs / "runs" / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(runs / "runs" / "repurchase", folder)
        known = json.loads((folder / "run.json").read_text())
        (folder / "run.json").write_text(json.dumps({**known, **about}))
        file = folder / "config.resolved.toml"
        file.write_text(file.read_text().replace(*settings) if settings[0] else file.read_text())
        write_manifest(folder, {"run": name})
        return name

    return copy


def compared(root: Path, a: str, b: str, top: int = 3) -> Comparison:
    return compare(root, a, b, Reporter("quiet"), top=top)


def test_only_changed_settings_are_listed_by_their_full_key(runs: Path) -> None:
    content = compared(runs, "popularity", "repurchase").content
    assert content.settings == [Changed("retrieval.sources", ["popularity"], ["repurchase"])]
    assert [row.name for row in content.facts if row.name != "trees"] == []
    assert flat({"a": {"b": {"c": 1}, "d": [2]}, "e": 3}) == {"a.b.c": 1, "a.d": [2], "e": 3}


def test_other_code_is_told_as_a_fact(runs: Path, copy_with: MakeCopy) -> None:
    code = json.loads((runs / "runs" / "repurchase" / "run.json").read_text())["code"]
    content = compared(runs, "repurchase", copy_with("other", code="0" * 16)).content
    assert content.facts == [Changed("code", code, "0" * 16)]


def test_values_are_those_of_metrics_json_and_the_difference_is_paired(runs: Path) -> None:
    found = compared(runs, "popularity", "repurchase")
    assert found.refused is None
    for row in found.content.metrics:
        for side, name in (("a", "popularity"), ("b", "repurchase")):
            cells = json.loads((runs / "runs" / name / "metrics.json").read_text())["metrics"]["lookbook"]
            assert getattr(row, side) == cells[row.segment][row.metric]["value"]
        assert row.difference == pytest.approx(row.b - row.a)
        assert (row.low is None) == (row.metric in ("catalogue_coverage", "mean_popularity_rank"))
    metrics = {(row.metric, row.segment) for row in found.content.metrics}
    assert {("map", "all"), ("recall", "all"), ("catalogue_coverage", "all"), ("map", "<=7"), ("map", "8-30")} <= metrics


def test_the_other_way_round_every_sign_turns(runs: Path) -> None:
    there, back = (compared(runs, *names).content for names in (("popularity", "repurchase"), ("repurchase", "popularity")))
    for one, other in zip(there.metrics, back.metrics, strict=True):
        assert one.difference == pytest.approx(-other.difference)
        if one.low is not None:
            assert one.low == pytest.approx(-other.high)
    assert there.customers.gained == back.customers.lost
    assert there.customers.most_gained


def test_customers_who_gained_and_lost_are_those_of_a_loop(runs: Path) -> None:
    customers = compared(runs, "popularity", "repurchase", top=100).content.customers
    folder = next((runs / "cache" / "data").glob("*/tables"))
    dataset = Dataset.open(folder)
    labels = dataset.labels(last_window(dataset.last_day))
    ids = dict(pl.read_parquet(folder / "customer_ids.parquet").select("customer", "customer_id").iter_rows())
    scores = [
        {ids[c]: (n, ap, round(recall * n)) for c, n, ap, recall in table.iter_rows()}
        for table in (
            customer_metrics(pl.scan_parquet(runs / "runs" / name / "test_recommendations.parquet"), labels, k=12)
            .select("customer", "n_labels", "average_precision", "recall")
            .collect()
            for name in ("popularity", "repurchase")
        )
    ]
    changes = {raw: scores[1][raw][1] - scores[0][raw][1] for raw in scores[0]}
    gained, lost = ({raw for raw, change in changes.items() if sign * change > 0} for sign in (1, -1))
    assert gained
    assert (customers.customers, customers.gained, customers.lost) == (len(changes), len(gained), len(lost))
    assert customers.same == len(changes) - len(gained) - len(lost)
    listed = customers.most_gained
    assert {row.customer for row in listed} == gained
    assert [row.change for row in listed] == sorted((changes[raw] for raw in gained), reverse=True)
    for row in listed:
        raw = row.customer
        assert (row.labels, row.a, row.hits_a) == scores[0][raw]
        assert (row.labels, row.b, row.hits_b) == scores[1][raw]
    segments = customers.by_segment
    for name in ("customers", "gained", "lost", "same"):
        assert sum(getattr(row, name) for row in segments) == getattr(customers, name)


def test_the_same_run_differs_in_nothing(runs: Path) -> None:
    content = compared(runs, "repurchase", "repurchase").content
    assert (content.settings, content.facts) == ([], [])
    assert {row.difference for row in content.metrics} == {0.0}
    assert content.customers.same == content.customers.customers


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"test_week": "2020-09-09"}, "differ in their test week, .*: test_week 2020-09-16 and 2020-09-09"),
        ({"data_digest": "other"}, "differ in their data set"),
        ({"k": 5}, "differ in their number of recommendations"),
        ({"test_week": None}, "a run without a test week"),
    ],
)
def test_runs_on_other_data_or_weeks_show_settings_and_values_but_are_not_paired(
    runs: Path, copy_with: MakeCopy, about: dict[str, object], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = copy_with("other", settings=("seed = 0", "seed = 1"), **about)
    found = compared(runs, "repurchase", other)
    assert isinstance(found.refused, ArtifactError)
    assert found.refused.exit_code == 4
    with pytest.raises(ArtifactError, match=message):
        raise found.refused
    assert found.content.settings == [Changed("run.seed", 0, 1)]
    assert next(iter(about)) in {row.name for row in found.content.facts}
    first = found.content.metrics[0]
    assert first.a == first.b is not None
    assert (first.difference, first.low, found.content.customers) == (None, None, None)
    show_comparison(found.content, json_lines=False)
    assert "run.seed: 0 -> 1" in capsys.readouterr().out


def test_runs_on_data_that_have_changed_since_are_not_paired(runs: Path, copy_with: MakeCopy) -> None:
    one, other = (copy_with(name, data_digest="of last year") for name in ("one", "other"))
    assert "has changed since these runs" in str(compared(runs, one, other).refused)


def test_the_text_fits_80_columns_and_names_customers_by_their_own_id(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = compared(runs, "popularity", "repurchase").content
    show_comparison(content, json_lines=False)
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "retrieval.sources: popularity -> repurchase" in text
    assert f"{content.customers.most_gained[0].customer[:12]}…" in text, "a long id without its middle"
    show_comparison(content, json_lines=True)
    assert capsys.readouterr().out == as_line(content) + "\n"


def test_a_run_whose_files_were_changed_is_refused(runs: Path, copy_with: MakeCopy) -> None:
    (runs / "runs" / copy_with("damaged") / "metrics.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"metrics\.json was changed"):
        compared(runs, "repurchase", "damaged")
