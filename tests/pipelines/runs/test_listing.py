"""Finished runs, listed and removed: made-up folders, since only their files count."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lookbook.evaluation.standing import Standing
from lookbook.pipelines.errors import ArtifactError, LockedError, SettingsError
from lookbook.pipelines.machine.lock import locked
from lookbook.pipelines.runs import folder as run_folder
from lookbook.pipelines.runs.folder import chosen_run, find_run, finished_runs, new_run
from lookbook.pipelines.runs.listing import list_runs, remove_runs
from lookbook.pipelines.runs.listing_display import show_list, show_removed
from lookbook.pipelines.runs.records.files import as_json, as_line
from lookbook.pipelines.runs.records.run import About, Cell, DifferenceCell, Results, StepCost


def results_of(**maps: float) -> Results:
    """Of lookbook and the others; the ratio's interval is made up."""
    map_of, best = maps["lookbook"], max(maps["popularity"], maps["most_bought"])
    standing = Standing("most_bought", map_of, best, map_of / best, None, None, 9, "cannot tell")
    return Results(
        standing=standing,
        metrics={name: {"all": {"map": Cell(v, v - 0.01, v + 0.01, 9)}} for name, v in maps.items()},
        differences={
            name: {"all": {"map": DifferenceCell(map_of - v, None, None, 9, map_of / v, 1.0, 4.0)}}
            for name, v in maps.items()
            if name != "lookbook"
        },
        sources=[],
        union=[],
    )


RESULTS = results_of(lookbook=0.3, popularity=0.1, most_bought=0.2, mf_alone=0.9)
ABOUT = About(
    finished="2020-09-22T12:00:00+00:00",
    settings_digest="s",
    preset="default",
    k=12,
    dataset="tiny",
    data_digest="d",
    data={},
    device="cpu",
    trees=1,
    versions={},
    stages={"fit": StepCost(2.5, 2.5, 1, 0, 1), "rank": StepCost(1.0, 1.0, 1, 0, 1)},
    peak_memory_mb=1,
)


def make_run(root: Path, mark: str, results: Results | None = RESULTS, sources: str = '"popularity"') -> str:
    with new_run(root, mark) as folder:
        weeks = {"test_week": "2020-09-16"} if results else {"final_week": "2020-09-23"}
        (folder / "run.json").write_text(as_json(replace(ABOUT, **weeks)))
        (folder / "config.resolved.toml").write_text(f"[retrieval]\nsources = [{sources}]\n")
        if results:
            (folder / "metrics.json").write_text(as_json(results))
    return folder.name.removesuffix(".partial")


class Stopped(datetime):
    """A clock that stands still, so that names differ in their last part only."""

    @classmethod
    def now(cls, tz: object = None) -> "Stopped":
        return cls(2020, 9, 22, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_folder, "datetime", Stopped)


@pytest.fixture
def three(tmp_path: Path) -> list[str]:
    return [make_run(tmp_path, mark) for mark in ("aa", "ab", "b")]


def left(root: Path) -> list[str]:
    return [folder.name for folder in finished_runs(root)]


def test_a_run_is_listed_with_its_result_against_the_best_baseline_and_its_size(tmp_path: Path) -> None:
    name = make_run(tmp_path, "a")
    (row,) = list_runs(tmp_path)
    assert vars(row) == {
        "name": name, "finished": "2020-09-22T12:00:00+00:00", "dataset": "tiny", "test_week": "2020-09-16", "final_week": None,
        "sources": ["popularity"], "seconds": 3.5, "map": 0.3, "low": 0.29, "high": 0.31, "baseline": "most_bought",
        "times_baseline": 0.3 / 0.2, "times_low": 1.0, "times_high": 4.0, "latest": True, "edited": [],
        "bytes": sum(file.stat().st_size for file in (tmp_path / "runs" / name).iterdir()),
    }  # fmt: skip


def test_runs_without_a_test_week_and_unfinished_ones(tmp_path: Path) -> None:
    finished = make_run(tmp_path, "a", None)
    (tmp_path / "runs" / "20300101T000000Z-a.partial").mkdir()
    (tmp_path / "runs" / "20300101T000000Z-a.partial" / "MANIFEST.json").write_text("{}")
    (row,) = list_runs(tmp_path)
    assert (row.name, row.test_week, row.map, row.baseline) == (finished, None, None, None)


@pytest.mark.parametrize("results", [RESULTS, None], ids=["tested", "untested"])
def test_the_list_fits_80_columns(tmp_path: Path, results: Results | None, capsys: pytest.CaptureFixture[str]) -> None:
    name = make_run(tmp_path, "0123456789abcdef", results, '"repurchase", "popularity", "same_product"')
    show_list(list_runs(tmp_path), Path("artifacts"), json_lines=False)
    text = capsys.readouterr().out
    assert name in text
    assert "…" not in text
    assert max(len(line) for line in text.splitlines()[:-1]) <= 80
    show_list(list_runs(tmp_path), tmp_path, json_lines=True)
    assert capsys.readouterr().out == as_line({"runs": list_runs(tmp_path)}) + "\n"


def test_a_run_that_was_edited_is_marked_with_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "runs" / make_run(tmp_path, "a")
    make_run(tmp_path, "b")
    (folder / "metrics.json").write_text(as_json(RESULTS).replace("0.3", "0.9", 1))
    (folder / "config.resolved.toml").write_text('[retrieval]\nsources = ["repurchase"]\n')
    assert [row.edited for row in list_runs(tmp_path)] == [["config.resolved.toml", "metrics.json"], []]
    show_list(list_runs(tmp_path), tmp_path, json_lines=False)
    assert " ".join(capsys.readouterr().out.split()).count("edited: config.resolved.toml, metrics.json") == 1
    (folder / "metrics.json").unlink()
    assert list_runs(tmp_path)[0].edited == ["config.resolved.toml", "metrics.json"]


def test_no_run_at_all_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_list(list_runs(tmp_path), tmp_path, json_lines=False)
    assert "no finished run under" in capsys.readouterr().out


def test_a_run_is_chosen_by_its_name_its_first_characters_or_latest(tmp_path: Path, three: list[str]) -> None:
    shared = "20200922T12000"
    assert chosen_run(tmp_path, three[0]).name == three[0]
    assert chosen_run(tmp_path, shared + "1").name == three[1]
    assert chosen_run(tmp_path, "latest").name == three[2]
    with pytest.raises(ArtifactError, match=r"3 runs begin with .*: .*aa, .*ab, .*b; give more characters"):
        chosen_run(tmp_path, shared)
    for unknown in ("", "x", "../runs", "latest.link"):
        with pytest.raises(ArtifactError, match=r"no run .* under .*; known: .*aa, .*ab"):
            chosen_run(tmp_path, unknown)


def test_a_name_that_begins_another_one_is_its_own(tmp_path: Path) -> None:
    first = make_run(tmp_path, "a")
    shutil.copytree(tmp_path / "runs" / first, tmp_path / "runs" / f"{first}-2")
    assert chosen_run(tmp_path, first).name == first


def test_removing_named_runs_leaves_the_others_and_latest_on_the_newest(tmp_path: Path, three: list[str]) -> None:
    gone = remove_runs(tmp_path, [three[2], three[0]], keep=None)
    assert [row.name for row in gone] == [three[0], three[2]]
    assert left(tmp_path) == [three[1]]
    assert find_run(tmp_path, "latest").name == three[1]
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == sorted([three[1], "latest"])


def test_latest_moves_to_the_newest_run_left(tmp_path: Path, three: list[str]) -> None:
    remove_runs(tmp_path, ["latest"], keep=None)
    assert left(tmp_path) == three[:2]
    assert (tmp_path / "runs" / "latest").resolve().name == three[1]


def test_latest_stays_where_it_is_if_its_run_stays(tmp_path: Path, three: list[str]) -> None:
    link = tmp_path / "runs" / "latest"
    link.unlink()
    link.symlink_to(three[0])
    remove_runs(tmp_path, [three[2]], keep=None)
    assert link.resolve().name == three[0]


@pytest.mark.parametrize(("keep", "kept"), [(0, 0), (1, 1), (2, 2), (5, 3)])
def test_the_newest_are_kept(tmp_path: Path, three: list[str], keep: int, kept: int) -> None:
    remove_runs(tmp_path, [], keep=keep)
    assert left(tmp_path) == three[3 - kept :]
    assert (tmp_path / "runs" / "latest").is_symlink() == bool(kept)


def test_nothing_is_removed_when_one_name_is_unknown_or_the_folder_is_in_use(tmp_path: Path, three: list[str]) -> None:
    with pytest.raises(ArtifactError, match="no run 'nope'"):
        remove_runs(tmp_path, [three[0], "nope"], keep=None)
    with locked(tmp_path), pytest.raises(LockedError):
        remove_runs(tmp_path, [three[0]], keep=None)
    for names, keep in (([], None), ([three[0]], 1)):
        with pytest.raises(SettingsError, match="one of the two"):
            remove_runs(tmp_path, names, keep=keep)
    assert left(tmp_path) == three


def test_a_misspelled_folder_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no run 'a'"):
        remove_runs(tmp_path / "none", ["a"], keep=None)
    assert remove_runs(tmp_path / "none", [], keep=3) == []
    assert not (tmp_path / "none").exists()


def test_a_damaged_run_is_named_and_can_be_removed(tmp_path: Path, three: list[str]) -> None:
    for text in ("{", '{"finished": "2020"}'):
        (tmp_path / "runs" / three[1] / "run.json").write_text(text)
        with pytest.raises(ArtifactError, match=f"{three[1]} is damaged .*lookbook runs remove {three[1]}"):
            list_runs(tmp_path)
    remove_runs(tmp_path, [three[1]], keep=None)
    assert [row.name for row in list_runs(tmp_path)] == [three[0], three[2]]


def test_links_are_not_followed_out_of_the_folder(tmp_path: Path, three: list[str]) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "MANIFEST.json").write_text("{}")
    (tmp_path / "runs" / "linked").symlink_to(outside)
    (tmp_path / "runs" / three[0] / "inner").symlink_to(outside)
    with pytest.raises(ArtifactError, match="no run 'linked'"):
        remove_runs(tmp_path, ["linked"], keep=None)
    remove_runs(tmp_path, [], keep=0)
    assert (outside / "MANIFEST.json").is_file()
    assert left(tmp_path) == []


def test_what_was_removed_is_said(tmp_path: Path, three: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    gone = remove_runs(tmp_path, [], keep=2)
    show_removed(gone, left(tmp_path), tmp_path, json_lines=False)
    assert f"removed {three[0]}" in (text := capsys.readouterr().out)
    assert "1 removed, 2 left" in text
    show_removed(gone, left(tmp_path), tmp_path, json_lines=True)
    assert json.loads(capsys.readouterr().out) == {"removed": [vars(each) for each in gone], "left": three[1:]}
