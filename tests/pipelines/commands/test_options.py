"""Flags that several commands share: what they say over a finished run, and for the next command."""

from pathlib import Path

import pytest

from lookbook.pipelines.commands.options import Changes, Choice, config_of
from lookbook.pipelines.errors import ArtifactError, SettingsError
from lookbook.pipelines.runs.folder import new_run
from lookbook.pipelines.settings.config import load_settings, write_settings

OF_RUN = {"run.preset": "quick", "run.seed": 3, "data.sample": 0.5, "retrieval.sources": ["repurchase", "popularity"]}


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    """A finished run of other settings than the default ones."""
    with new_run(tmp_path, "abc") as folder:
        write_settings(load_settings(overrides=OF_RUN), folder / "config.resolved.toml")
    return tmp_path


def config(folder: Path, text: str) -> Path:
    (folder / "mine.toml").write_text(text)
    return folder / "mine.toml"


def test_without_changes_the_settings_of_the_run_are_in_force(artifacts: Path) -> None:
    folder, settings = Changes().over_run("latest", artifacts)
    assert settings == load_settings(overrides=OF_RUN)
    assert folder == (artifacts / "runs" / "latest").resolve()


def test_flags_lie_over_the_config_file_and_both_over_the_run(artifacts: Path) -> None:
    file = config(artifacts, "[run]\nk = 5\nseed = 4\n[data]\nsample = 0.25\n")
    _, settings = Changes(config=file, seed=7, drop="popularity", data_dir=Path("newer")).over_run("latest", artifacts)
    expected = {
        "run.k": 5,
        "run.seed": 7,
        "data.sample": 0.25,
        "retrieval.sources": ["repurchase"],
        "data.data_dir": str(Path("newer").absolute()),
    }
    assert settings == load_settings(overrides={**OF_RUN, **expected})


@pytest.mark.parametrize("text", ['[data]\ndataset = "hm"\n', '[run]\npreset = "best"\n'])
def test_another_data_set_or_preset_than_that_of_the_run_is_refused(artifacts: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"mine.toml: (data.dataset|run.preset) = .*, but run .*-abc has "):
        Changes(config=config(artifacts, text)).over_run("latest", artifacts)
    same = text.replace("hm", "complete-journey").replace("best", "quick")
    assert Changes(config=config(artifacts, same)).over_run("latest", artifacts)[1] == load_settings(overrides=OF_RUN)


def test_a_run_is_found_by_the_first_characters_of_its_name_or_not_at_all(artifacts: Path) -> None:
    (folder,) = (artifacts / "runs").glob("*-abc")
    for name in (folder.name, folder.name[:9]):
        assert config_of(name, artifacts) == folder / "config.resolved.toml"
        assert Changes().over_run(name, artifacts)[0] == folder.resolve()
    for name in ("x" * 300, "../runs/" + folder.name):
        assert config_of(name, artifacts) is None
        with pytest.raises(ArtifactError, match="no run"):
            Changes().over_run(name, artifacts)


def test_a_choice_is_given_to_the_next_command_as_it_was_typed() -> None:
    assert Choice().flags() == []
    chosen = Choice(config=Path("my shop.toml"), repair_ids=True, threads=0, sample=0.1)
    assert chosen.flags() == ["--config", "my shop.toml", "--repair-ids", "--threads", "0", "--sample", "0.1"]
    assert Choice(plan=True, names=False).flags() == ["--plan", "--no-names"]


def test_the_plan_is_a_setting_that_a_flag_puts_on_or_off() -> None:
    assert [Choice(plan=plan).overrides().get("data.plan") for plan in (True, False, None)] == [True, False, None]
