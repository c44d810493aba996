"""What lies over what: defaults, data set, preset, file, flags."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import pytest

from lookbook.data.adapters import NAMES
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.settings import layers
from lookbook.pipelines.settings.config import RunSettings, Settings, load_settings, write_settings
from lookbook.pipelines.settings.layers import DATASETS, DEFAULTS, PRESETS

LESS_IS_MORE = {
    "retrieval.matrix_factorization.learning_rate",
    "retrieval.co_purchase.min_support",
    "ranking.lambdarank.learning_rate",
}
"""Settings that cost more time the smaller they are."""
NO_PRICE = ("half_life_days", "num_leaves")
"""They cost next to nothing, or only together with others: more trees of fewer leaves."""


def flat(tables: Mapping[str, object], path: str = "") -> Iterator[tuple[str, object]]:
    for key, value in tables.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def cost(key: str, value: object) -> float:
    """A number that is larger the more a setting asks for; without early stopping there are as many trees as there can be."""
    if isinstance(value, list | tuple):
        return len(value)
    return float("inf") if key.endswith("early_stopping_rounds") and value == 0 else float(str(value))


def keys(file: Path) -> dict[str, object]:
    return dict(flat(tomllib.loads(file.read_text())))


def file_with(folder: Path, name: str, text: str) -> Path:
    file = folder / f"{name}.toml"
    file.write_text(text)
    return file


@pytest.fixture
def five_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data set hm sets four keys, preset best three of them, the returned file two of these. Flags are left to the test."""
    hm = "[ranking.lambdarank]\nnum_leaves = 101\nmax_trees = 102\nl2 = 103.0\ntruncation_level = 104\n"
    best = "[ranking.lambdarank]\nmax_trees = 202\nl2 = 203.0\ntruncation_level = 204\n"
    monkeypatch.setattr(layers, "DATASETS", {"hm": file_with(tmp_path, "hm", hm)})
    monkeypatch.setattr(layers, "PRESETS", {"best": file_with(tmp_path, "best", best)})
    return file_with(tmp_path, "mine", "[ranking.lambdarank]\nl2 = 303.0\ntruncation_level = 304\n")


def trees(settings: Settings) -> tuple[float, ...]:
    ranker = settings.ranking.lambdarank
    return (ranker.num_leaves, ranker.max_trees, ranker.l2, ranker.truncation_level)


def test_flags_lie_over_the_file_over_the_preset_over_the_data_set_over_the_defaults(five_layers: Path) -> None:
    default = trees(load_settings())
    flags = {"data.dataset": "hm", "run.preset": "best", "ranking.lambdarank.truncation_level": 404}
    assert trees(load_settings(five_layers, flags)) == (101, 202, 303, 404)
    assert trees(load_settings(None, {"data.dataset": "hm"})) == (101, 102, 103, 104)
    assert trees(load_settings(None, {"run.preset": "best"})) == (default[0], 202, 203, 204)
    assert trees(load_settings(five_layers)) == (*default[:2], 303, 304)


def test_the_uppermost_layer_that_names_a_data_set_or_preset_decides_which(five_layers: Path) -> None:
    five_layers.write_text('[data]\ndataset = "hm"\n[run]\npreset = "best"\n')
    assert trees(load_settings(five_layers)) == (101, 202, 203, 204)
    assert trees(load_settings(five_layers, {"run.preset": "default"})) == (101, 102, 103, 104)
    both = {"run.preset": "default", "data.dataset": "complete-journey"}
    assert trees(load_settings(five_layers, both)) == trees(load_settings())


def test_settings_of_a_run_are_those_it_had_whatever_the_layers_say_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(None, {"data.dataset": "hm", "run.preset": "quick"})
    resolved = tmp_path / "config.resolved.toml"
    write_settings(settings, resolved)
    changed = file_with(tmp_path, "changed", "[ranking.lambdarank]\nnum_leaves = 99\n[retrieval.repurchase]\nk = 99\n")
    monkeypatch.setattr(layers, "DATASETS", {"hm": changed})
    monkeypatch.setattr(layers, "PRESETS", {"quick": changed})
    assert load_settings(resolved) == settings
    newer = dict(flat(load_settings(resolved, {"data.data_dir": "newer"}).tables))
    assert newer == {**dict(flat(settings.tables)), "data.data_dir": "newer"}


def test_an_unknown_key_in_a_layer_is_refused_with_the_file_it_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "PRESETS", {"best": file_with(tmp_path, "best", "[ranking]\ntraining_week = 9\n")})
    with pytest.raises(SettingsError, match=r"best\.toml: unknown setting ranking\.training_week; did you mean"):
        load_settings(None, {"run.preset": "best"})


@pytest.mark.parametrize("value", ['"fast"', '"../default"', "3", '["quick"]'])
def test_an_unknown_preset_is_refused_with_those_there_are(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingsError, match=r"setting run\.preset = .*'default', 'quick' or 'best'"):
        load_settings(file_with(tmp_path, "mine", f"[run]\npreset = {value}\n"))


def test_every_preset_and_data_set_file_can_be_chosen() -> None:
    presets = RunSettings.model_fields["preset"].annotation
    assert set(DATASETS) < set(NAMES)
    assert {name for name in PRESETS if "-" not in name} == set(get_args(presets)) - {"default"}
    for name in PRESETS:
        preset, _, dataset = name.partition("-")
        assert preset in PRESETS
        assert dataset in ("", *DATASETS)


def test_a_preset_can_have_more_settings_for_one_data_set(five_layers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = file_with(five_layers.parent, "best-hm", "[ranking.lambdarank]\ntruncation_level = 214\n")
    monkeypatch.setitem(layers.PRESETS, "best-hm", more)
    assert trees(load_settings(None, {"data.dataset": "hm", "run.preset": "best"})) == (101, 202, 203, 214)
    assert trees(load_settings(None, {"run.preset": "best"}))[1:] == (202, 203, 204)


@pytest.mark.parametrize("file", [*DATASETS.values(), *PRESETS.values()], ids=lambda file: file.stem)
def test_every_line_of_a_layer_changes_something_and_none_comes_too_late(file: Path) -> None:
    below = [keys(DEFAULTS)]
    if file in PRESETS.values():
        preset, _, dataset = file.stem.partition("-")
        chosen = [DATASETS[dataset]] if dataset else list(DATASETS.values())
        below += [{**below[0], **keys(other), **(keys(PRESETS[preset]) if dataset else {})} for other in chosen]
        below = below[1:] if dataset else below
    assert [key for key, value in keys(file).items() if all(value == layer[key] for layer in below)] == []
    assert "run.threads" not in keys(file), "Polars has read it before the layers are known"


@pytest.mark.parametrize("dataset", NAMES)
def test_quick_asks_for_no_more_than_the_default_and_best_for_no_less(dataset: str) -> None:
    quick, default, best = (
        dict(flat(load_settings(None, {"data.dataset": dataset, "run.preset": preset}).tables))
        for preset in ("quick", "default", "best")
    )
    changed = {key for file in PRESETS.values() for key in keys(file)}
    for key in (key for key in changed if not key.endswith(NO_PRICE)):
        least, most = (best, quick) if key in LESS_IS_MORE else (quick, best)
        assert cost(key, least[key]) <= cost(key, default[key]) <= cost(key, most[key]), key


def test_the_data_folder_of_a_file_is_meant_from_where_the_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    mine = file_with(tmp_path / "there", "mine", '[data]\ndataset = "csv"\ndata_dir = "../shop"\n')
    monkeypatch.chdir(tmp_path)
    found = load_settings(Path("there/mine.toml")).data.data_dir
    assert Path(found).is_absolute()
    assert Path(found).resolve() == (tmp_path / "shop").resolve()
    assert load_settings(mine, {"data.data_dir": "/elsewhere"}).data.data_dir == "/elsewhere"
    absolute = file_with(tmp_path, "absolute", '[data]\ndataset = "csv"\ndata_dir = "/shop"\n')
    assert load_settings(absolute).data.data_dir == "/shop"
    write_settings(load_settings(mine), tmp_path / "resolved.toml")
    assert load_settings(tmp_path / "resolved.toml").data.data_dir == found


def test_without_a_data_folder_a_file_names_none(tmp_path: Path) -> None:
    assert load_settings(file_with(tmp_path, "mine", '[data]\ndata_dir = ""\n')).data.data_dir == ""
