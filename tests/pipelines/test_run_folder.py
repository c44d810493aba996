"""Folders of runs: appear when complete, have names of their own, and are found by name."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines import run_folder
from pipelines.errors import ArtifactError, SettingsError
from pipelines.run_folder import find_run, locked, new_run


class Stopped(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: object = None) -> "Stopped":
        return cls(2020, 9, 22, 12, 0, 0, tzinfo=UTC)


def finished(root: Path, content: str) -> None:
    with new_run(root, "abc") as folder:
        (folder / "run.json").write_text(content)


def test_runs_that_end_within_one_second_get_names_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_folder, "datetime", Stopped)
    for number in range(3):
        finished(tmp_path, str(number))
        assert (tmp_path / "runs" / "latest" / "run.json").read_text() == str(number)
    names = {path.name for path in (tmp_path / "runs").iterdir()}
    assert names == {"20200922T120000Z-abc", "20200922T120000Z-abc-2", "20200922T120000Z-abc-3", "latest"}


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


def test_artifacts_that_are_no_folder_are_refused_as_a_wrong_flag(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for root in (file, file / "below"):
        with pytest.raises(SettingsError, match=f"--artifacts {root}: "), locked(root):
            pass
