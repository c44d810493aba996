"""Pictures of articles from their folder to a run; what is looked at again, and what is not."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import lookbook
from lookbook.data.errors import DataError
from lookbook.pipelines.dry_run.estimate import estimate
from lookbook.pipelines.errors import ArtifactError
from lookbook.pipelines.run import run
from lookbook.pipelines.settings.config import Settings, choose_sources, load_settings
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.pictures import stage
from lookbook.pipelines.stages.pictures.stage import PICTURE_STAGES, article_pictures
from lookbook.pipelines.stages.pictures.store import VectorStore
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.retrieval.pictures.vectors import PICTURE_VECTORS

SMALL = {
    "data.dataset": "hm",
    "run.device": "cpu",
    "run.k": 5,
    "ranking.training_weeks": 2,
    "ranking.lambdarank.min_examples_in_leaf": 2,
    "ranking.lambdarank.max_trees": 3,
    "evaluation.bootstrap_resamples": 100,
    "retrieval.content.picture_weight": 0.5,
}
DAMAGED = b"damaged"


@dataclass
class Network:
    """Stands for the network: the first bytes of a file are its vector. `looked_at`: the files, in order."""

    looked_at: list[str] = field(default_factory=list)

    def vectors(self, files: Mapping[str, Path], weights: Path, *, part: int, device: str) -> Iterator[pl.DataFrame]:
        assert weights.read_text() == "weights"
        shas = list(files)
        for start in range(0, len(shas), part):
            some = shas[start : start + part]
            self.looked_at += [files[sha].stem for sha in some]
            contents = [files[sha].read_bytes() for sha in some]
            rows = np.zeros((len(some), PICTURE_VECTORS["vector"].shape[0]), np.float32)
            for row, content in zip(rows, contents, strict=True):
                row[:4] = np.frombuffer(content[:4], np.uint8)
            read = pl.Series([content != DAMAGED for content in contents])
            yield pl.DataFrame({"sha256": some, "vector": rows}).with_columns(vector=pl.when(read).then("vector"))


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Network:
    network = Network()
    monkeypatch.setattr(stage, "installed", lambda: tmp_path / "no.pth")
    monkeypatch.setattr(stage, "convert", lambda checkpoint, target: target.write_text("weights"))
    monkeypatch.setattr(stage, "picture_vectors", network.vectors)
    monkeypatch.setattr(stage, "PART", 4)
    return network


def picture(hm: Path, article: str) -> Path:
    return hm / "images" / article[:3] / f"{article}.jpg"


@pytest.fixture
def articles(hm_folder: Path) -> list[str]:
    """Raw ids; all but the last have a picture, and so has an article that is not in the data."""
    ids = pl.read_csv(hm_folder / "articles.csv", infer_schema=False)["article_id"].to_list()
    for place, article in enumerate([*ids[:-1], "0999999999"]):
        picture(hm_folder, article).parent.mkdir(parents=True, exist_ok=True)
        picture(hm_folder, article).write_bytes(bytes([place + 1, place * place % 250, 200 - place, 9]))
    return ids


def settings_of(hm: Path, **changes: object) -> Settings:
    given = {**SMALL, "data.data_dir": str(hm), **{key.replace("__", "."): value for key, value in changes.items()}}
    return choose_sources(load_settings(overrides=given), only="repurchase,content", drop=None)


def looked_at(hm: Path, root: Path, *, fresh: bool = False) -> tuple[str, pl.DataFrame]:
    """The digest of the pictures, and their table."""
    found = article_pictures(settings_of(hm), Artifacts(root / "cache", Reporter("quiet"), fresh), "cpu")
    return found.digest, found.vectors.collect()


def test_a_picture_is_looked_at_once_however_data_change(
    hm_folder: Path, articles: list[str], network: Network, tmp_path: Path
) -> None:
    first, table = looked_at(hm_folder, tmp_path)
    assert table["article"].to_list() == list(range(19))
    assert table["vector"].dtype == pl.Array(pl.Float32, stage.DIM)
    np.testing.assert_allclose(np.linalg.norm(table["vector"].to_numpy(), axis=1), 1, rtol=1e-5)
    assert sorted(network.looked_at) == sorted([*articles[:-1], "0999999999"])

    network.looked_at.clear()
    moved = hm_folder.rename(tmp_path / "moved")
    again, same = looked_at(moved, tmp_path)
    assert (again, network.looked_at) == (first, [])
    assert same.equals(table)

    picture(moved, articles[3]).write_bytes(b"new picture")
    picture(moved, articles[-1]).write_bytes(picture(moved, articles[0]).read_bytes())
    changed, table = looked_at(moved, tmp_path)
    assert changed != first
    assert network.looked_at == [articles[3]]
    assert table["article"].to_list() == list(range(20))
    np.testing.assert_array_equal(table["vector"][19].to_numpy(), table["vector"][0].to_numpy())

    network.looked_at.clear()
    looked_at(moved, tmp_path, fresh=True)
    assert len(network.looked_at) == 20


def test_work_that_was_cut_off_goes_on_after_the_last_part(
    hm_folder: Path, articles: list[str], network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*args: object, **options: object) -> Iterator[pl.DataFrame]:
        parts = network.vectors(*args, **options)  # type: ignore[arg-type]
        yield from (next(parts), next(parts))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(stage, "picture_vectors", cut)
        with pytest.raises(KeyboardInterrupt):
            looked_at(hm_folder, tmp_path)
    assert len(network.looked_at) == 8
    looked_at(hm_folder, tmp_path)
    assert len(network.looked_at) == len(set(network.looked_at)) == 20


def test_a_picture_that_cannot_be_read_is_told_and_counts_as_missing(
    hm_folder: Path, articles: list[str], network: Network, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture(hm_folder, articles[2]).write_bytes(DAMAGED)
    for _ in range(2):
        table = looked_at(hm_folder, tmp_path)[1]
        assert table["article"].to_list() == [0, 1, *range(3, 19)]
        told = capsys.readouterr().err.replace("\n", "")
        assert f"warning: 1 pictures cannot be read, such as {picture(hm_folder, articles[2])}: they count as missing" in told
    assert network.looked_at.count(articles[2]) == 1


def test_vectors_that_were_changed_on_disk_are_not_used(tmp_path: Path) -> None:
    store = VectorStore(tmp_path)
    width = PICTURE_VECTORS["vector"].shape[0]
    part = pl.DataFrame({"sha256": ["a", "b"], "vector": [None, [0.5] * width]}, schema=dict(PICTURE_VECTORS))
    store.add(part)
    assert store.known() == {"a", "b"}
    assert store.vectors({"b", "c"}).equals(part.tail(1))
    (file,) = tmp_path.iterdir()
    part.tail(1).write_parquet(file)
    with pytest.raises(ArtifactError, match=r"was changed after it was written\. Remove it"):
        store.vectors({"b"})


def test_a_run_with_pictures_is_planned_made_and_answers_without_them(
    hm_folder: Path, articles: list[str], network: Network, tmp_path: Path
) -> None:
    root = tmp_path / "artifacts"
    settings = settings_of(hm_folder)
    before = {each.kind: each for each in estimate(settings, root=root).stages}
    assert before["data"].to_compute == 1 + PICTURE_STAGES
    assert not root.exists()
    folder = run(settings, Reporter("quiet"), root=root)
    after = estimate(settings, root=root)
    assert sum(each.to_compute for each in after.stages if each.kind != "results") == 0

    plain = run(settings_of(hm_folder, retrieval__content__picture_weight=0.0), Reporter("quiet"), root=root)
    learned = [pl.read_parquet(each / "learned" / "content" / "article_vectors.parquet") for each in (folder, plain)]
    widths = [table["vector"].to_numpy().shape[1] for table in learned]
    assert widths[0] > widths[1]

    shutil.rmtree(root / "cache")
    shutil.rmtree(hm_folder)
    asked = lookbook.open_run(folder)
    expected = pl.read_csv(folder / "submission.csv", infer_schema=False).rows()
    lists = asked.recommend([customer for customer, _ in expected]).group_by("customer", maintain_order=True)
    assert lists.agg(pl.col("article").str.join(" ")).rows() == expected


@pytest.mark.parametrize("emptied", [False, True])
def test_without_pictures_it_is_said_where_they_are_expected(
    hm_folder: Path, network: Network, tmp_path: Path, emptied: bool
) -> None:
    if emptied:
        (hm_folder / "images" / "010").mkdir(parents=True)
    message = f"the folder of pictures {'holds no pictures' if emptied else 'does not exist'}\n  where: file {hm_folder}/images\n"
    for asked in (lambda: looked_at(hm_folder, tmp_path), lambda: estimate(settings_of(hm_folder), root=tmp_path / "none")):
        with pytest.raises(DataError) as caught:
            asked()
        assert message in str(caught.value)
        assert "images/0XX/0XXXXXXXXX.jpg" in str(caught.value)


def test_a_data_set_that_never_has_pictures_is_told_which_has(network: Network, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, data__dataset="csv")
    with pytest.raises(DataError, match=r"(?s)'csv' has no pictures of articles.*: hm\n.*picture_weight = 0"):
        article_pictures(settings, Artifacts(tmp_path / "cache", Reporter("quiet")), "cpu")


def test_pictures_are_not_looked_for_unless_a_source_reads_them(hm_folder: Path, write_hm: Callable[..., Path]) -> None:
    assert settings_of(hm_folder).reads_pictures
    assert not settings_of(hm_folder, retrieval__content__picture_weight=0.0).reads_pictures
    assert not choose_sources(settings_of(hm_folder), only="repurchase", drop=None).reads_pictures
