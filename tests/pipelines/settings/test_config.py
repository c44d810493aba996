"""Settings: defaults, overrides, and the errors people meet."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from lookbook.features.registry import GROUP_NAMES
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.settings.config import (
    DEFAULTS,
    choose_sources,
    leave_out_features,
    load_settings,
    load_simulation,
    source_of,
    write_settings,
)
from lookbook.retrieval.registry import SOURCES
from lookbook.retrieval.source import FORBID_UNKNOWN_KEYS, Count


def settings_file(folder: Path, text: str) -> Path:
    file = folder / "mine.toml"
    file.write_text(text)
    return file


def test_flags_win_over_the_file_which_wins_over_the_defaults(tmp_path: Path) -> None:
    defaults = tomllib.loads(DEFAULTS.read_text())
    file = settings_file(tmp_path, "[run]\nseed = 5\n[ranking.lambdarank]\nnum_leaves = 9\n")
    settings = load_settings(file, {"run.seed": 6})
    assert settings.run.seed == 6
    assert settings.ranking.lambdarank.num_leaves == 9
    assert settings.run.k == defaults["run"]["k"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[run]\nsed = 5\n", r"unknown setting run\.sed; did you mean run\.seed\?"),
        ("[rnu]\nseed = 5\n", r"unknown setting rnu; did you mean run\?"),
        ("[ranking.lambdarank]\nleaves = 5\n", r"unknown setting ranking\.lambdarank\.leaves"),
        ("[retrieval.popularity]\nkk = 5\n", r"unknown setting retrieval\.popularity\.kk"),
        ("run = 3\n", r"run = 3: expected a table"),
        ("[run.seed]\nx = 3\n", r"run\.seed = .*: expected one value"),
        ("[run]\nseed = -1\n", r"setting run\.seed = -1"),
        ('[run]\nseed = "many"\n', r"setting run\.seed = 'many'"),
        ('[run]\ndevice = "tpu"\n', r"setting run\.device = 'tpu'.*'auto', 'gpu' or 'cpu'"),
        ("[retrieval.popularity]\nk = 0\n", r"setting \[retrieval\.popularity\] k = 0"),
        ('[retrieval]\nsources = ["mfx"]\n', r"unknown source 'mfx'; known: repurchase, popularity"),
        ('[retrieval]\nsources = ["popularity", "popularity"]\n', r"retrieval\.sources = .*: expected each name once"),
        ('[evaluation]\nbaselines = ["tifu_kn"]\n', r"evaluation\.baselines: unknown baseline 'tifu_kn'; did you mean tifu_knn\?"),
        ('[evaluation]\nbaselines = ["x"]\n', r"unknown baseline 'x'; known: popularity, repurchase_popularity"),
        ('[evaluation]\nbaselines = ["blended", "blended"]\n', r"evaluation\.baselines = .*: expected each name once"),
        ("[evaluation]\nbaselines = []\n", r"evaluation\.baselines = \[\]: expected each name once, at least one"),
        ("[evaluation]\nbaseline_weeks = -1\n", r"setting evaluation\.baseline_weeks = -1"),
        ("[retrieval]\nsources = []\n", r"retrieval\.sources = \[\]: expected each name once, at least one"),
        ('[features]\nleave_out = ["pairs"]\n', r"leave_out: unknown feature group 'pairs'; known: source, customer"),
        (
            f"[features]\nleave_out = {list(GROUP_NAMES)}\n",
            r"leave_out: no group is left; leave in at least one of source, customer",
        ),
        ("[run\n", r"not valid TOML"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name_and_what_is_allowed(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(settings_file(tmp_path, text))


def test_a_settings_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml: No such file"):
        load_settings(tmp_path / "nowhere.toml")


def test_sources_can_be_chosen_and_dropped_and_keep_their_order() -> None:
    settings = load_settings()
    assert choose_sources(settings, only="popularity,repurchase", drop=None).retrieval.sources == ("repurchase", "popularity")
    assert "popularity" not in choose_sources(settings, only=None, drop="popularity").retrieval.sources
    with pytest.raises(SettingsError, match="unknown source 'mfx'"):
        choose_sources(settings, only=None, drop="mfx")
    with pytest.raises(SettingsError, match="no candidate source left"):
        choose_sources(settings, only="popularity", drop="popularity")


def test_written_settings_are_read_back_equal_and_keep_the_comments(tmp_path: Path) -> None:
    settings = choose_sources(load_settings(None, {"run.seed": 77}), only="popularity", drop=None)
    write_settings(settings, tmp_path / "config.resolved.toml")
    assert load_settings(tmp_path / "config.resolved.toml") == settings
    written = (tmp_path / "config.resolved.toml").read_text()
    defaults, simulation = DEFAULTS.read_text().split("[simulate]\n")
    assert all(line in written for line in defaults.splitlines() if line.startswith("#"))
    assert not any(line in written for line in simulation.splitlines() if line.startswith("#"))


def test_settings_of_a_simulation_change_no_run_and_are_as_strict(tmp_path: Path) -> None:
    file = settings_file(tmp_path, "[simulate.people]\ncustomers = 7\n")
    assert load_simulation(file).people.customers == 7
    assert load_settings(file) == load_settings()
    for text, message in (
        (
            "[simulate.people]\ncustomer = 7\n",
            r"unknown setting simulate\.people\.customer; did you mean simulate\.people\.customers\?",
        ),
        ("[simulate.people]\ncustomers = 0\n", r"^setting \[simulate\] people: customers 0; allowed: 1 and more"),
        ("[simulate.people]\nstore_share = 1.5\n", r"store_share 1\.5; allowed: 0 to 1"),
    ):
        with pytest.raises(SettingsError, match=message):
            load_simulation(settings_file(tmp_path, text))


def test_the_order_in_which_sources_are_named_does_not_matter(tmp_path: Path) -> None:
    named = load_settings(settings_file(tmp_path, '[retrieval]\nsources = ["popularity", "repurchase"]\n'))
    assert [source.name for source in named.sources()] == ["repurchase", "popularity"]


def test_feature_groups_are_left_out_on_top_of_those_already_left_out() -> None:
    settings = leave_out_features(load_settings(None, {"features.leave_out": ["match"]}), "customer", "match")
    assert settings.features.leave_out == ("match", "customer")
    with pytest.raises(SettingsError, match=r"features\.leave_out: no group is left"):
        leave_out_features(settings, *GROUP_NAMES)


@dataclass(frozen=True)
class Newest:
    name: ClassVar[str] = "newest"
    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_UNKNOWN_KEYS

    k: Count
    days: Count


def test_a_new_source_without_its_table_or_with_a_wrong_value_is_named_as_its_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, "newest", Newest)  # type: ignore[arg-type]
    assert source_of("newest", {"newest": {"k": 5, "days": 7}}) == Newest(5, 7)
    with pytest.raises(SettingsError, match=r"\[retrieval\.newest\] with its keys k, days to pipelines/settings/default\.toml"):
        source_of("newest", {"sources": ["newest"]})
    with pytest.raises(SettingsError, match=r"setting \[retrieval\.newest\] days = -1: "):
        source_of("newest", {"newest": {"k": 5, "days": -1}})
    with pytest.raises(SettingsError, match=r"setting \[retrieval\.newest\] weeks = 3: "):
        source_of("newest", {"newest": {"k": 5, "days": 1, "weeks": 3}})
