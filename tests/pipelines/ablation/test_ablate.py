"""The whole ablation on a small shop, against runs of its own, and against the arithmetic it stands for."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.evaluation.metrics import customer_metrics
from lookbook.evaluation.summary import paired_difference
from lookbook.features.registry import GROUP_NAMES
from lookbook.pipelines.ablation.ablate import BUDGETS, MODES, Request, ablate, requested
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.run import run
from lookbook.pipelines.runs.finished import reopened
from lookbook.pipelines.runs.records.files import as_line
from lookbook.pipelines.settings.config import Settings, choose_sources, leave_out_features, load_settings
from lookbook.pipelines.stages.artifacts import verify
from lookbook.pipelines.stages.shards import buyers
from lookbook.pipelines.terminal.progress import Reporter

LOOKBOOK = Path(sys.executable).with_name("lookbook")
SOURCES = ("repurchase", "popularity", "same_product", "co_purchase")
EVERYTHING = Request(modes=MODES, budgets=BUDGETS, weeks=1, shapley=True, orders=2)
CONFIG = """
[data]
dataset = "csv"
data_dir = "{folder}"
[data.csv]
transactions = "log.csv"
[retrieval]
sources = ["repurchase", "popularity", "same_product", "co_purchase"]
max_candidates = 20
[retrieval.popularity]
k = 15
[retrieval.co_purchase]
k = 15
min_support = 0.5
[features]
leave_out = ["pair_product", "pair_category", "pair_department", "pair_section", "pair_colour", "pair_brand", "match"]
[run]
k = 5
shard_customers = 30
[ranking]
training_weeks = 2
[ranking.lambdarank]
min_examples_in_leaf = 5
max_trees = 4
[evaluation]
bootstrap_resamples = 100
"""

Content = dict[str, object]


@dataclass(frozen=True)
class Shop:
    """A finished run. same_product finds nothing there: no article has a product."""

    settings: Settings
    root: Path
    run: Path

    def ablate(self, request: Request, *, run: Path | None = None) -> tuple[Content, Reporter]:
        reporter = Reporter("quiet")
        with reopened(run or self.run, reporter, root=self.root) as opened:
            content = json.loads(as_line(ablate(opened, request)))
        assert reporter.finished == reporter.total, "the number of steps was announced wrongly"
        return content, reporter


@pytest.fixture(scope="module")
def shop(market: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("shop")
    market.transactions.select("customer", "article", "date", "price").sink_csv(folder / "log.csv")
    (folder / "shop.toml").write_text(CONFIG.format(folder=folder))
    settings = load_settings(folder / "shop.toml")
    return Shop(settings, folder / "artifacts", run(settings, Reporter("quiet"), root=folder / "artifacts", final=False))


@pytest.fixture(scope="module")
def content(shop: Shop) -> Content:
    """Of one week, with everything there is to ask for."""
    return shop.ablate(EVERYTHING)[0]


def rows(content: Content, name: str, /, **wanted: object) -> list[dict[str, object]]:
    table = content[name]
    assert isinstance(table, (list, dict))
    found = [table] if isinstance(table, dict) else table
    return [row for row in found if all(row[key] == value for key, value in wanted.items())]


def row(content: Content, name: str, /, **wanted: object) -> dict[str, object]:
    (found,) = rows(content, name, **wanted)
    return found


def number(value: object) -> float:
    assert isinstance(value, (int, float))
    return value


def settings_of(shop: Shop, variant: str) -> Settings:
    how, part = variant.split(" ")
    if part not in SOURCES:
        return leave_out_features(shop.settings, part)
    return choose_sources(shop.settings, only=part if how == "only" else None, drop=part if how == "without" else None)


@pytest.mark.parametrize("variant", ["without repurchase", "without co_purchase", "only popularity", "without article"])
def test_a_row_equals_a_run_of_its_own_to_the_last_digit(shop: Shop, content: Content, tmp_path: Path, variant: str) -> None:
    own = run(settings_of(shop, variant), Reporter("quiet"), root=tmp_path, final=False)
    found = next(row for row in rows(content, "variants", name=variant) if row["budget"] != "union")
    results, about = json.loads((own / "metrics.json").read_text()), json.loads((own / "run.json").read_text())
    cell, ceiling = results["metrics"]["lookbook"]["all"]["map"], results["union"][-1]
    assert (found["map"], found["low"], found["high"]) == (cell["value"], cell["low"], cell["high"])
    assert (found["candidates_per_customer"], found["recall"]) == (ceiling["candidates_per_customer"], ceiling["recall"])
    assert found["trees"] == [about["trees"]]
    labels = labels_of(shop)
    whole, less = (
        customer_metrics(pl.scan_parquet(each / "test_recommendations.parquet"), labels, k=5).collect() for each in (shop.run, own)
    )
    paired = paired_difference(whole, less, ["average_precision"], resamples=100, seed=0).row(0, named=True)
    expected = (paired["value"], paired["low"], paired["high"])
    assert (found["difference"], found["difference_low"], found["difference_high"]) == expected
    assert found["difference"] != 0


def labels_of(shop: Shop) -> pl.LazyFrame:
    with reopened(shop.run, Reporter("quiet"), root=shop.root) as opened:
        return opened.system.dataset.labels(opened.week)


def test_the_whole_system_and_its_sources_have_the_numbers_of_the_run(shop: Shop, content: Content) -> None:
    results = json.loads((shop.run / "metrics.json").read_text())
    cell, full = results["metrics"]["lookbook"]["all"]["map"], row(content, "full")
    assert (full["map"], full["low"], full["high"]) == (cell["value"], cell["low"], cell["high"])
    assert full["n_customers"] == full["n_customer_weeks"] == cell["n_customers"]
    for expected in results["sources"][:-1]:
        found = row(content, "sources", source=expected["source"])
        assert {name: found[name] for name in expected} == expected
        assert number(found["peak_memory_mb"]) > 0


def test_all_is_written_into_the_run_which_stays_whole(shop: Shop, content: Content) -> None:
    verify(shop.run)
    assert json.loads((shop.run / "ablation.json").read_text()) == content
    kinds = {(variant["mode"], variant["budget"]) for variant in rows(content, "variants")}
    assert kinds == {(m, b) for m in ("leave_one_out", "alone", "greedy") for b in BUDGETS} | {("features", None)}
    assert [v["name"] for v in rows(content, "variants", mode="alone", budget="union")] == [f"only {name}" for name in SOURCES]
    groups = [variant["left_out"] for variant in rows(content, "variants", mode="features")]
    assert groups[:4] == [["source"], ["customer"], ["article"], ["pair"]]
    assert not [group for group in groups if group[0].startswith("pair_c")], "left out already"


def test_no_source_is_computed_again_and_the_same_question_computes_nothing(shop: Shop, content: Content) -> None:
    assert content["source_stages_computed_by_variants"] == 0
    again, reporter = shop.ablate(EVERYTHING)
    assert reporter.computed == {}
    assert again == content


def test_a_source_without_examples_leaves_fallback_lists_and_does_not_stop_the_rest(content: Content) -> None:
    alone = row(content, "variants", name="only same_product", budget="fixed")
    assert alone["note"] == "too few examples"
    assert alone["trees"] == [None]
    assert (alone["candidates_per_customer"], alone["recall"], alone["fit_seconds"]) == (0, 0, 0)
    step = rows(content, "greedy", budget="fixed")[0]["steps"]
    assert isinstance(step, list)
    gain = next(tried for tried in step[0]["tried"] if tried["source"] == "same_product")
    assert gain["gain"] == 0, "it gives the same lists as no source"
    assert all(variant["note"] is None for variant in rows(content, "variants", mode="leave_one_out"))


def test_others_fill_in_with_a_fixed_budget_only(content: Content) -> None:
    full = row(content, "full")
    for name in SOURCES:
        fixed, union = (row(content, "variants", name=f"without {name}", budget=budget) for budget in BUDGETS)
        assert number(union["candidates_per_customer"]) <= number(fixed["candidates_per_customer"])
        assert number(union["recall"]) <= number(full["recall"])
    fixed, union = (row(content, "variants", name="only repurchase", budget=budget) for budget in BUDGETS)
    assert number(union["candidates_per_customer"]) < number(fixed["candidates_per_customer"])
    assert union["map"] != fixed["map"]


def test_each_step_of_the_build_up_takes_the_best_and_it_ends_where_none_helps(content: Content) -> None:
    for built in rows(content, "greedy"):
        steps, chosen = built["steps"], []
        assert isinstance(steps, list)
        before = None
        for step in steps:
            assert [tried["source"] for tried in step["tried"]] == [name for name in SOURCES if name not in chosen]
            assert step["map"] == max(tried["map"] for tried in step["tried"])
            assert before is None or step["gain"] == step["map"] - before
            assert step["added"] == (before is None or step["gain"] > 0)
            if step["added"]:
                chosen.append(step["best"])
                before = step["map"]
        assert built["kept"] == chosen
        assert not steps[-1]["added"] or len(chosen) == len(SOURCES)
        path = rows(content, "variants", mode="greedy", budget=built["budget"])
        assert [variant["kept"] for variant in path] == [chosen[:n] for n in range(1, len(chosen) + 1)]
        assert [variant["name"] for variant in path] == [chosen[0], *(f"+ {name}" for name in chosen[1:])]


def test_shapley_values_add_up_to_recall_and_to_what_map_gains_over_fallback_lists(shop: Shop, content: Content) -> None:
    of_recall, of_map = rows(content, "shapley", of="recall"), rows(content, "shapley", of="map")
    full, fallback = row(content, "full"), row(content, "variants", name="only same_product", budget="fixed")
    assert sum(number(part["value"]) for part in of_map) == pytest.approx(number(full["map"]) - number(fallback["map"]))
    assert [part["source"] for part in of_recall] == list(SOURCES)
    every_source = json.loads((shop.run / "metrics.json").read_text())["sources"][-1]
    assert sum(number(part["value"]) for part in of_recall) == pytest.approx(every_source["recall"])
    assert {part["budget"] for part in of_map} == {"fixed"}
    assert next(part["value"] for part in of_recall if part["source"] == "same_product") == 0
    assert next(part["value"] for part in of_map if part["source"] == "same_product") == pytest.approx(0, abs=0.02)


def test_earlier_weeks_are_pooled_and_the_newest_keeps_its_number(shop: Shop, content: Content) -> None:
    request = requested(modes="leave-one-out", budgets="fixed", features=False, weeks=2, shapley=False, orders=2)
    two, _ = shop.ablate(request)
    full = row(two, "full")
    assert two["weeks"] == ["2020-09-16", "2020-09-09"]
    assert two["source_stages_computed_by_variants"] == 0
    for name in ("without repurchase", "without co_purchase"):
        one, pooled = row(content, "variants", name=name, budget="fixed"), row(two, "variants", name=name)
        by_week: list[float] = pooled["map_by_week"]  # type: ignore[assignment]
        assert by_week[0] == one["map"]
        assert min(by_week) < number(pooled["map"]) < max(by_week)
    with reopened(shop.run, Reporter("quiet"), root=shop.root) as opened:
        sizes = [len(shard.customers) for week in (opened.week, opened.week.earlier(1)) for shard in buyers(opened.system, week)]
    assert full["n_customer_weeks"] == sum(sizes)
    assert full["n_customers"] < sum(sizes)
    assert row(two, "sources", source="popularity")["candidates_per_customer"] == pytest.approx(15)


def test_one_source_cannot_be_left_out_of_one(shop: Shop) -> None:
    own = run(settings_of(shop, "only popularity"), Reporter("quiet"), root=shop.root, final=False)
    with pytest.raises(SettingsError, match="without popularity: no source is left"):
        shop.ablate(Request(("leave-one-out",), ("fixed",), 1, False, 2), run=own)
    alone, _ = shop.ablate(Request(("alone", "greedy"), ("fixed",), 1, False, 2), run=own)
    for found in rows(alone, "variants"):
        assert (found["map"], found["difference"], found["note"]) == (row(alone, "full")["map"], 0, "nothing")


def test_the_only_feature_group_cannot_be_left_out(shop: Shop) -> None:
    others = [name for name in GROUP_NAMES if name not in ("article", *shop.settings.features.leave_out)]
    own = run(leave_out_features(shop.settings, *others), Reporter("quiet"), root=shop.root, final=False)
    with pytest.raises(SettingsError, match="without article: no feature group is left"):
        shop.ablate(Request(("features",), ("fixed",), 1, False, 2), run=own)


def test_leaving_out_features_computes_no_table_for_fewer_sources(shop: Shop) -> None:
    _, reporter = shop.ablate(Request(("features",), ("fixed",), 1, False, 2))
    assert reporter.reused["features"] + reporter.computed.get("features", 0) == 3 * 2, "2 shards; without a group that learns"


def test_neither_shards_nor_feature_tables_on_disk_change_a_number(shop: Shop) -> None:
    found = []
    for changed in ({"run.shard_customers": 20}, {"run.shard_customers": 100, "run.cache_features": False}):
        pair = {"retrieval.sources": ["repurchase", "popularity"]}
        settings = load_settings(shop.root.parent / "shop.toml", {**changed, **pair})
        own = run(settings, Reporter("quiet"), root=shop.root, final=False)
        content, _ = shop.ablate(Request(("alone",), ("union",), 1, False, 2), run=own)
        found.append({name: without_timings(content[name]) for name in ("full", "variants", "sources", "overlap", "shapley")})
    assert found[0] == found[1]


def without_timings(value: object) -> object:
    if isinstance(value, dict):
        return {name: part for name, part in value.items() if not name.endswith(("_seconds", "_mb"))}
    assert isinstance(value, list)
    return [without_timings(part) for part in value]


def test_more_than_six_sources_are_sampled_and_each_order_adds_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookbook.pipelines.ablation.ablate.EXACT_SOURCES", 3)
    sampled, _ = shop.ablate(Request(("alone",), ("fixed",), 1, True, 3))
    parts = rows(sampled, "shapley", of="map")
    full, fallback = row(sampled, "full"), row(sampled, "variants", name="only same_product")
    assert sum(number(part["value"]) for part in parts) == pytest.approx(number(full["map"]) - number(fallback["map"]))
    assert any(number(part["standard_error"]) > 0 for part in parts)


def test_the_command_prints_one_json_object_and_announces_every_step(shop: Shop, content: Content) -> None:
    where = ["--config", shop.root.parent / "shop.toml", "--artifacts", shop.root]
    command = [LOOKBOOK, "ablate", *where, "--mode", "alone", "--features", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    *_, last = (json.loads(line) for line in done.stderr.splitlines() if '"event": "step"' in line)
    assert last["done"] == last["of"]
    printed = json.loads(done.stdout)
    assert printed["run"] == str(shop.run)
    for mode in ("alone", "features"):
        found, expected = rows(printed["ablation"], "variants", mode=mode), rows(content, "variants", mode=mode)
        assert found == [variant for variant in expected if variant["budget"] != "union"]
