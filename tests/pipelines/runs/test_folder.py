"""Folders of runs: appear when complete, have names of their own, and are found by name."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lookbook.pipelines.errors import ArtifactError, SettingsError
from lookbook.pipelines.machine.lock import locked
from lookbook.pipelines.runs import folder as run_folder
from lookbook.pipelines.runs.folder import add_to_run, check_latest, find_run, finished_runs, kept_once, new_run
from lookbook.pipelines.stages.artifacts import verify


class Stopped(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: object = None) -> "Stopped":
        return cls(2020, 9, 22, 12, 0, 0, tzinfo=UTC)


def finished(root: Path, content: str) -> None:
    with new_run(root, "abc") as folder:
        (folder / "run.json").write_text(content)


def test_runs_that_end_within_one_second_get_names_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_folder, "datetime", Stopped)
    for number, mark in enumerate(("b", "a", "b")):
        with new_run(tmp_path, mark) as folder:
            (folder / "run.json").write_text(str(number))
        assert (tmp_path / "runs" / "latest" / "run.json").read_text() == str(number)
    names = {path.name for path in (tmp_path / "runs").iterdir()}
    assert names == {"20200922T120000Z-b", "20200922T120001Z-a", "20200922T120002Z-b", "latest"}


def test_what_a_killed_process_left_is_removed_and_never_listed(tmp_path: Path) -> None:
    left = tmp_path / "runs" / "20200101T000000Z-abc.partial"
    left.mkdir(parents=True)
    (tmp_path / "runs" / "latest.link").symlink_to("nowhere")
    with pytest.raises(ArtifactError, match=r"known: none yet"):
        find_run(tmp_path, "latest")
    finished(tmp_path, "")
    assert not left.exists()
    assert find_run(tmp_path, "latest").name.endswith("-abc")


def test_a_run_that_fails_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), new_run(tmp_path, "abc"):
        raise RuntimeError
    assert not list((tmp_path / "runs").iterdir())


def with_results(root: Path, mark: str, lists: str = "a", data: str = "d1") -> Path:
    """A finished run whose file `lists` holds the results, on the data with the digest `data`."""
    with new_run(root, mark) as folder:
        (folder / "lists").write_text(lists)
        (folder / "run.json").write_text(json.dumps({"data_digest": data, "finished": mark}))
    return folder.with_name(folder.name.removesuffix(".partial"))


def test_of_two_runs_with_the_same_results_the_earlier_is_kept_and_latest_points_to_it(tmp_path: Path) -> None:
    first, other = with_results(tmp_path, "1"), with_results(tmp_path, "2", lists="b")
    assert kept_once(tmp_path, with_results(tmp_path, "3")) == first
    assert finished_runs(tmp_path) == [first, other]
    assert find_run(tmp_path, "latest") == first.resolve()


def test_a_run_that_has_more_holds_the_results_of_one_that_has_less_but_not_the_reverse(tmp_path: Path) -> None:
    first = with_results(tmp_path, "1")
    add_to_run(first, "report.html", "a page")
    assert kept_once(tmp_path, with_results(tmp_path, "2")) == first
    more = with_results(tmp_path, "3")
    add_to_run(more, "submission.csv", "more")
    assert kept_once(tmp_path, more) == more


@pytest.mark.parametrize("change", ["lists", "data", "edited", "damaged"])
def test_a_run_with_other_results_is_no_substitute(tmp_path: Path, change: str) -> None:
    first = with_results(tmp_path, "1", lists="b" if change == "lists" else "a", data="d2" if change == "data" else "d1")
    if change == "edited":
        (first / "lists").write_text("c")
    if change == "damaged":
        (first / "MANIFEST.json").write_text("{")
    second = with_results(tmp_path, "2")
    assert kept_once(tmp_path, second) == second
    assert finished_runs(tmp_path) == [first, second]
    assert (tmp_path / "runs" / "latest").resolve() == second.resolve()


@pytest.mark.parametrize("kind", ["a folder", "a file"])
def test_latest_that_is_no_link_is_refused(tmp_path: Path, kind: str) -> None:
    check_latest(tmp_path)
    finished(tmp_path, "")
    check_latest(tmp_path)
    link = tmp_path / "runs" / "latest"
    link.unlink()
    link.mkdir() if kind == "a folder" else link.write_text("")
    with pytest.raises(ArtifactError, match=f"latest is {kind}; expected a link"):
        check_latest(tmp_path)


def test_artifacts_that_are_no_folder_are_refused_as_a_wrong_flag(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for root in (file, file / "below"):
        with pytest.raises(SettingsError, match=f"--artifacts {root}: "), locked(root):
            pass


def test_a_file_is_added_to_a_finished_run_and_replaced_and_nothing_else_changes(tmp_path: Path) -> None:
    finished(tmp_path, "run")
    folder = find_run(tmp_path, "latest")
    for content in ("first", "second"):
        add_to_run(folder, "ablation.json", content)
        verify(folder)
        assert (folder / "ablation.json").read_text() == content
    assert (folder / "run.json").read_text() == "run"
    assert set(json.loads((folder / "MANIFEST.json").read_text())["sha256"]) == {"run.json", "ablation.json"}
    assert {path.name for path in folder.iterdir()} == {"run.json", "ablation.json", "MANIFEST.json"}


@pytest.mark.parametrize("known", [False, True], ids=["new file", "replaced file"])
def test_killed_at_any_point_while_a_file_is_added_the_run_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    for kill_at in range(1, 20):
        root = tmp_path / str(kill_at)
        finished(root, "run")
        folder = find_run(root, "latest")
        if known:
            add_to_run(folder, "ablation.json", "old")
        with monkeypatch.context() as patch:
            killed = _killed_at(kill_at, patch)
            with suppress(KeyboardInterrupt):
                add_to_run(folder, "ablation.json", "new")
        verify(folder)
        left = (folder / "ablation.json").read_text() if (folder / "ablation.json").exists() else None
        assert left in (None, "old", "new")
        assert (folder / "run.json").read_text() == "run"
        add_to_run(folder, "ablation.json", "again")
        verify(folder)
        assert {path.name for path in folder.iterdir()} == {"run.json", "ablation.json", "MANIFEST.json"}
        if not killed:
            assert left == "new"
            assert kill_at > 3
            return
    pytest.fail("there were more than 20 writes")


def _killed_at(count: int, patch: pytest.MonkeyPatch) -> list[str]:
    """Stop before the write or rename number `count`; the list holds that one when it was reached."""
    seen: list[str] = []
    stopped: list[str] = []

    def wrap(name: str) -> None:
        usual = getattr(Path, name)

        def counted(self: Path, *arguments: object) -> object:
            seen.append(f"{name} {self.name}")
            if len(seen) == count:
                stopped.append(seen[-1])
                raise KeyboardInterrupt
            return usual(self, *arguments)

        patch.setattr(Path, name, counted)

    wrap("write_text")
    wrap("rename")
    return stopped
