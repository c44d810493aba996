from pathlib import Path

import polars as pl

from lookbook.pipelines.settings.config import load_settings
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.data import open_dataset
from lookbook.pipelines.terminal.progress import Reporter


def test_samples_are_taken_from_one_conversion_and_each_is_found_again(hm_folder: Path, tmp_path: Path) -> None:
    opened, made = {}, {}
    for share in (0.7, 1.0, 0.4, 0.7):
        artifacts = Artifacts(tmp_path / "cache", Reporter("quiet"))
        chosen = {"data.dataset": "hm", "data.data_dir": str(hm_folder), "data.sample": share}
        opened[share] = open_dataset(load_settings(overrides=chosen), artifacts)
        made[share] = [stage.reused for stage in artifacts.done.values()]
    assert made == {1.0: [True], 0.4: [True, False], 0.7: [True, True]}
    customers = {share: dataset.customers.select(pl.len()).collect().item() for share, (dataset, _) in opened.items()}
    assert 0 < customers[0.4] < customers[0.7] < customers[1.0] == 12
    assert len({dataset.digest for dataset, _ in opened.values()}) == 3
    assert len(list((tmp_path / "cache" / "data").iterdir())) == 3


def test_another_content_of_the_file_of_excluded_articles_is_another_conversion(hm_folder: Path, tmp_path: Path) -> None:
    chosen = {"data.dataset": "hm", "data.data_dir": str(hm_folder), "data.exclude_articles_file": "none.txt"}
    articles = pl.read_csv(hm_folder / "articles.csv", infer_schema=False)["article_id"]
    found = []
    for excluded in (articles[:1], articles[:3], articles[:1]):
        (hm_folder / "none.txt").write_text("\n".join([*excluded, ""]))
        artifacts = Artifacts(tmp_path / "cache", Reporter("quiet"))
        dataset, _ = open_dataset(load_settings(overrides=chosen), artifacts)
        left = dataset.articles.select(pl.len()).collect().item()
        found.append((left, [stage.reused for stage in artifacts.done.values()]))
    assert found == [(19, [False]), (17, [False]), (19, [True])]
