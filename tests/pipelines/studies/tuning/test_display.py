"""What a search tells people."""

from dataclasses import replace
from pathlib import Path

import pytest

from lookbook.pipelines.runs.records.files import as_json, read_record
from lookbook.pipelines.studies.tuning.display import conclusions, tuning_tables
from lookbook.pipelines.studies.tuning.record import Gain, Importance, Reached, TrialRow, Tuning
from lookbook.pipelines.terminal.table import PlainConsole

KEY = "retrieval.same_product.customer_half_life_days"


def trial(number: int, mean: float, *, early: bool = False) -> TrialRow:
    weeks = [mean] * (1 if early else 3)
    return TrialRow(number, "ended early" if early else "finished", mean, weeks, mean - 0.18, 0.01, {KEY: 93.48}, 123.4)


def found(verdict: str = "cannot tell", difference: float = 0.01) -> Tuning:
    return Tuning(
        weeks=["2017-11-27", "2017-11-20", "2017-11-13"],
        tested="2017-12-25",
        k=12,
        n_customers=1700,
        n_customer_weeks=3900,
        sampler="tpe",
        seed=0,
        wanted=20,
        keys=[KEY],
        run=Reached(0.18, 0.17, 0.19, [0.18, 0.18, 0.18], {KEY: 90.0}),
        best=Reached(0.19, 0.18, 0.2, [0.19, 0.19, 0.19], {KEY: 93.48}),
        best_trial=2,
        gain=Gain(difference, difference - 0.02, difference + 0.02, 0.017, verdict),
        importance=[Importance(KEY, 1.0)],
        trials=[trial(1, 0.15, early=True), trial(2, 0.19), *(trial(n, 0.16) for n in range(3, 14))],
    )


def shown(content: Tuning, width: int = 80) -> list[str]:
    out = PlainConsole(width=width)
    with out.capture() as text:
        for made in tuning_tables(content, width=width):
            out.print(made)
    return text.get().splitlines()


def test_tables_fit_80_columns_and_begin_with_the_settings_of_the_run_and_the_best_trial():
    lines = shown(found())
    assert max(map(len, lines)) <= 80
    rows = [line.split()[0] for line in lines if line[:1].isdigit() or line.startswith("as the run")]
    assert rows[1:4] == ["as", "2", "3"]
    assert "and 3 other trials, in tuning.json" in "\n".join(lines)
    assert any(line.split() == [KEY, "90.0", "93.48"] for line in lines)
    many = replace(found(), weeks=["2017-11-27"] * 8)
    assert max(map(len, shown(many))) <= 80


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (found("helps"), "Trial 2 is ahead of the settings of the run: +0.0100 [-0.0100, +0.0300]"),
        (found(), "Trial 2 and the settings of the run cannot be told apart, a tie: +0.0100 [-0.0100, +0.0300]"),
        (found("hurts", -0.03), "The best trial is behind the settings of the run: -0.0300 [-0.0500, -0.0100]"),
        (replace(found(), gain=None, best=None, trials=[]), "No trial was finished on all weeks."),
    ],
)
def test_a_tie_is_called_a_tie(content, said):
    assert conclusions(content)[1].removesuffix(", paired by customer.") == said


def test_nothing_is_recommended_that_is_not_above_the_settings_of_the_run():
    assert found().better
    assert not found("cannot tell", 0.0).better
    assert not any("The best trial" in line for line in shown(found("hurts", -0.03)))


def test_the_file_is_read_back_as_it_was_written(tmp_path: Path):
    file = tmp_path / "tuning.json"
    file.write_text(as_json(found()))
    assert read_record(file, Tuning) == found()
