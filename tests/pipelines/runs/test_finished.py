"""Which finished run a command looks at, and that opening it computes nothing that is on disk."""

import re
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from lookbook.data.dataset import Dataset
from lookbook.pipelines.errors import ArtifactError
from lookbook.pipelines.run import recommend_only, run, run_of
from lookbook.pipelines.runs.finished import reopened
from lookbook.pipelines.settings.config import Settings, load_settings
from lookbook.pipelines.terminal.progress import Mode, Reporter

CONFIG = """
[data]
dataset = "csv"
data_dir = "{folder}"
[data.csv]
transactions = "log.csv"
[retrieval]
sources = ["repurchase", "popularity"]
[ranking]
training_weeks = 2
[ranking.lambdarank]
min_examples_in_leaf = 5
max_trees = 3
[evaluation]
bootstrap_resamples = 100
"""


@dataclass(frozen=True)
class Shop:
    folder: Path
    first: Path
    second: Path
    """Runs with seeds 0 and 1, in that order."""

    @property
    def root(self) -> Path:
        return self.folder / "artifacts"

    def settings(self, seed: int = 0) -> Settings:
        return load_settings(self.folder / "shop.toml", {"run.seed": seed})

    def run_of(self, seed: int | None = None, name: str | None = None) -> Path:
        return run_of(self.settings(seed) if seed is not None else None, Reporter("quiet"), root=self.root, name=name)


@pytest.fixture(scope="module")
def finished(market: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("shop")
    market.transactions.select("customer", "article", "date", "price").sink_csv(folder / "log.csv")
    (folder / "shop.toml").write_text(CONFIG.format(folder=folder))
    settings = [load_settings(folder / "shop.toml", {"run.seed": seed}) for seed in (0, 1)]
    first, second = (run(each, Reporter("quiet"), root=folder / "artifacts", final=False) for each in settings)
    return Shop(folder, first, second)


@pytest.fixture
def shop(finished: Shop, tmp_path: Path) -> Shop:
    """A copy that a test may change."""
    shutil.copytree(finished.folder, tmp_path / "shop", symlinks=True)
    root = tmp_path / "shop" / "artifacts" / "runs"
    return Shop(tmp_path / "shop", root / finished.first.name, root / finished.second.name)


def test_the_newest_run_is_looked_at_and_with_settings_the_newest_with_these(finished: Shop) -> None:
    assert finished.run_of().name == finished.second.name
    assert finished.run_of(name="latest").name == finished.second.name
    assert finished.run_of(seed=1).name == finished.second.name
    assert finished.run_of(seed=0).name == finished.first.name
    assert finished.run_of(seed=1, name=finished.first.name).name == finished.first.name


def test_the_run_that_latest_points_to_comes_before_newer_ones(shop: Shop) -> None:
    reporter = Reporter("quiet")
    assert run(shop.settings(0), reporter, root=shop.root, final=False).resolve() == shop.first
    assert reporter.computed == {}
    assert {path.name for path in (shop.root / "runs").iterdir()} == {shop.first.name, shop.second.name, "latest"}
    assert shop.run_of() == shop.run_of(name="latest") == shop.first.resolve()
    assert shop.run_of(seed=1) == shop.second.resolve()


def test_what_was_computed_anew_is_a_run_of_its_own(shop: Shop) -> None:
    again = run(shop.settings(0), Reporter("quiet"), root=shop.root, final=False, fresh=True)
    assert again.name not in (shop.first.name, shop.second.name)
    assert (again / "metrics.json").read_bytes() == (shop.first / "metrics.json").read_bytes()


def test_latest_that_is_a_folder_stops_a_run_before_it_computes(shop: Shop) -> None:
    link = shop.root / "runs" / "latest"
    link.unlink()
    link.mkdir()
    reporter = Reporter("quiet")
    for start in (lambda: run(shop.settings(0), reporter, root=shop.root), lambda: recommend(shop, reporter, None)):
        with pytest.raises(ArtifactError, match="latest is a folder"):
            start()
    assert reporter.finished == 0


def recommend(shop: Shop, reporter: Reporter, known_until: date | None) -> Path:
    return recommend_only(shop.settings(0), reporter, root=shop.root, trees=2, known_until=known_until)


@pytest.mark.parametrize(("known_until", "warned"), [(date(2020, 9, 23), True), (date(2020, 9, 22), False), (None, False)])
@pytest.mark.parametrize("mode", ["quiet", "json", "plain"])
def test_data_that_end_before_those_of_the_run_are_told_in_every_mode(
    shop: Shop, capfd: pytest.CaptureFixture[str], known_until: date | None, warned: bool, mode: Mode
) -> None:
    recommend(shop, Reporter(mode), known_until)
    told = capfd.readouterr().err
    assert ("the data end on 2020-09-22, before those of the run, which end on 2020-09-23" in told) == warned


def test_a_run_that_was_killed_while_it_was_written_is_passed_over(shop: Shop) -> None:
    shutil.copytree(shop.second, shop.second.with_name("20300101T000000Z-0.partial"))
    assert shop.run_of() == shop.second.resolve()


def test_opening_a_run_computes_nothing_and_gives_its_stages(finished: Shop) -> None:
    reporter = Reporter("quiet")
    with reopened(finished.first, reporter, root=finished.root) as opened:
        assert opened.system.settings == finished.settings(0)
        assert str(opened.week.as_of) == "2020-09-16"
        assert [shard.window for shard in opened.buyers] == [opened.week]
        assert (opened.ranked.fitted.ranker.folder / "ranker.txt").read_bytes() == (
            finished.first / "models" / "test" / "ranker.txt"
        ).read_bytes()
    assert reporter.computed == {}
    assert reporter.finished == reporter.total


def test_without_a_finished_run_the_test_half_is_run_on_what_an_unfinished_one_left(shop: Shop) -> None:
    expected = (shop.first / "metrics.json").read_bytes()
    shutil.rmtree(shop.root / "runs")
    for kind in ("fit", "rank", "evaluate"):
        shutil.rmtree(shop.root / "cache" / kind)
    reporter = Reporter("quiet")
    folder = run_of(shop.settings(0), reporter, root=shop.root, name=None)
    assert set(reporter.computed) == {"fit", "rank", "evaluate"}
    assert (folder / "metrics.json").read_bytes() == expected
    assert not (folder / "submission.csv").exists()


def test_a_part_of_the_cache_that_is_gone_is_computed_again_to_the_same_numbers(shop: Shop) -> None:
    for kind in ("retrieve", "fit"):
        shutil.rmtree(shop.root / "cache" / kind)
    reporter = Reporter("quiet")
    with reopened(shop.first, reporter, root=shop.root) as opened:
        assert opened.folder == shop.first
    assert set(reporter.computed) == {"retrieve", "fit"}


def test_a_run_of_other_data_is_refused_with_what_to_do(shop: Shop) -> None:
    log = shop.folder / "log.csv"
    header, *rows = log.read_text().splitlines()
    log.write_text("\n".join([header, *rows[::2], rows[-1], ""]))
    config = shop.first / "config.resolved.toml"
    config.write_text(re.sub(r'data_dir = ".+"', f'data_dir = "{shop.folder}"', config.read_text()))
    with (
        pytest.raises(ArtifactError, match=r"was made from other data or by other code: run `lookbook run` again"),
        reopened(shop.first, Reporter("quiet"), root=shop.root),
    ):
        pytest.fail("it was opened")


def test_a_run_of_recommendations_alone_has_no_test_week_to_look_at(shop: Shop) -> None:
    recommended = recommend_only(shop.settings(0), Reporter("quiet"), root=shop.root, trees=2)
    with pytest.raises(ArtifactError, match=f"run {recommended.name} has no test week"):
        shop.run_of(name=recommended.name)
    assert shop.run_of().name == shop.second.name
    with pytest.raises(ArtifactError, match="no run 'gone' under"):
        shop.run_of(name="gone")
