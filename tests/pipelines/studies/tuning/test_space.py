"""What may be changed: the file that comes with lookbook, and what is said of files of people."""

from pathlib import Path

import pytest

from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.settings.config import load_settings
from lookbook.pipelines.settings.layers import DATASETS, PRESETS
from lookbook.pipelines.studies.tuning.space import Choices, Range, read_space


@pytest.fixture
def settings():
    return load_settings()


def of(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("preset", ["default", *(name for name in PRESETS if "-" not in name)])
@pytest.mark.parametrize("dataset", ["csv", *DATASETS])
def test_the_settings_of_every_data_set_and_preset_lie_in_the_space_that_comes_with_lookbook(dataset, preset):
    settings = load_settings(overrides={"data.dataset": dataset, "run.preset": preset})
    space = read_space(None, (), settings)
    now = space.now(settings)
    assert {key: now[key] for key, domain in space.domains.items() if not domain.holds(now[key])} == {}
    assert {key.split(".")[-1] for key in space.domains} >= {"max_candidates", "training_weeks", "num_leaves"}
    embedded = "matrix_factorization" in settings.retrieval.sources
    assert ("retrieval.matrix_factorization.dim" in space.domains) == embedded


def test_groups_choose_keys_and_sources_that_are_not_in_use_have_none(settings):
    keys = read_space(None, ("sources", "ranker"), settings).domains
    assert not any("matrix_factorization" in key or "favourite_category" in key for key in keys)
    assert "retrieval.repurchase.k" in keys
    with pytest.raises(SettingsError, match=r"--what: unknown group 'rankers'; space\.toml has sources, embeddings, ranker"):
        read_space(None, ("rankers",), settings)


def test_a_table_may_stand_for_the_first_part_of_its_keys(settings, tmp_path):
    file = of(tmp_path, "[mine.retrieval.repurchase]\nk = { low = 10, high = 20 }\n[mine.run]\nk = { choices = [6, 12] }")
    assert dict(read_space(file, (), settings).domains) == {
        "retrieval.repurchase.k": Range(10, 20, False, None, True),
        "run.k": Choices((6, 12)),
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('"ranking.lambdarank.num_leafs" = { low = 3, high = 9 }', "did you mean ranking.lambdarank.num_leaves?"),
        ('"retrieval.repurchase.k" = { low = 0, high = 9 }', "k = 0: Input should be greater than 0"),
        ('"retrieval.repurchase.k" = { low = 9, high = 3 }', "expected low below high"),
        ('"retrieval.repurchase.k" = { low = 9.5, high = 30 }', "k = 9.5"),
        ('"retrieval.repurchase.repeat_power" = { low = 0.0, high = 1.0, log = true }', "expected log = true without step and"),
        ('"retrieval.repurchase.k" = { low = 3, high = 9, step = 0 }', "expected a step above 0"),
        ('"retrieval.repurchase.k" = { low = 3, high = 9, steps = 3 }', "expected { low, high } with log = true or a step"),
        ('"retrieval.repurchase.k" = { choices = [] }', "expected a list of values"),
        ('"retrieval.popularity.segments" = { low = 1, high = 2 }', "retrieval.popularity"),
        ('"retrieval.favourite_category.k" = { low = 1, high = 2 }', "no key of mine is in use"),
    ],
)
def test_what_cannot_be_searched_is_refused_and_named(line, said, settings, tmp_path):
    with pytest.raises(SettingsError) as error:
        read_space(of(tmp_path, f"[mine]\n{line}"), (), settings)
    assert said in str(error.value)


def test_a_grid_has_every_step_or_the_ends_and_the_middle(settings, tmp_path):
    lines = [
        '"retrieval.repurchase.k" = { low = 10, high = 35, step = 10 }',
        '"retrieval.repurchase.half_life_days" = { low = 10.0, high = 1000.0, log = true }',
        '"retrieval.repurchase.repeat_power" = { low = 0.1, high = 0.3, step = 0.1 }',
        '"run.k" = { low = 1, high = 2 }',
    ]
    space = read_space(of(tmp_path, "\n".join(["[mine]", *lines])), (), settings)
    assert [domain.grid() for domain in space.domains.values()] == [[10, 20, 30], [10.0, 100.0, 1000.0], [0.1, 0.2, 0.3], [1, 2]]
    assert len(list(space.points())) == space.grid_size() == 54


def test_a_grid_that_nobody_waits_for_is_refused(settings):
    with pytest.raises(SettingsError, match=r"--sampler grid: [\d,]+ points; expected at most 10,000"):
        read_space(None, (), settings).grid_size()


def test_values_have_no_more_digits_than_people_write():
    drawn = Range(20.0, 200.0, True, None, False)
    assert drawn.value(93.48273645) == 93.48
    assert drawn.value(199.99999) == 200.0
    assert Range(1, 9, False, None, True).value(3.0) == 3
