"""What commands say at their end: what was not done yet, as a command that can be copied."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lookbook.pipelines.commands.main import app
from lookbook.pipelines.commands.next import (
    MOST,
    Step,
    after_data,
    after_estimate,
    after_list,
    after_removal,
    after_run,
    after_simulated,
    after_stop,
    flags_of,
    tell,
)
from lookbook.pipelines.commands.options import ARTIFACTS
from lookbook.pipelines.runs.folder import add_to_run, new_run

LOOKBOOK = Path(sys.executable).with_name("lookbook")
TESTED = ("metrics.json", "test_submission.csv")


@pytest.fixture
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return ARTIFACTS


def make_run(artifacts: Path, *files: str, customer: str = "0042") -> Path:
    with new_run(artifacts, "abc") as folder:
        for name in (*files, "config.resolved.toml"):
            (folder / name).write_text(f"customer_id,prediction\n{customer},1 2\n" if name == "test_submission.csv" else "")
        (folder / "run.json").write_text(json.dumps({"settings_digest": "abc"}))
    return folder.with_name(folder.name.removesuffix(".partial"))


@pytest.mark.parametrize(("where", "extra"), [(ARTIFACTS, []), (Path("else where"), ["--artifacts", "else where"])])
def test_commands_about_a_run_name_it_and_its_folder_whatever_is_the_newest(where, extra):
    folder = where / "runs" / "older"
    assert flags_of(folder, where) == {
        "run": ["--run", "older", *extra],
        "settings": ["--config", str(folder / "config.resolved.toml"), *extra],
    }


def typed(steps: list[Step]) -> list[str]:
    return [shlex.join(step.words) for step in steps]


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([], ["explain", "report", "ablate", "backtest", "leaderboard", "tune"]),
        (["importance.json"], ["report", "ablate", "backtest", "leaderboard", "tune"]),
        (["importance.json", "report.html"], ["ablate", "backtest", "leaderboard", "tune"]),
        (["report.html", "importance.json"], ["report", "ablate", "backtest", "leaderboard", "tune"]),
        (["report.html"], ["explain", "ablate", "backtest", "leaderboard", "tune"]),
        (["importance.json", "ablation.json", "backtest.json", "leaderboard.json", "tuning.json", "report.html"], []),
    ],
)
def test_what_was_not_asked_of_a_run_comes_first_and_a_page_that_lacks_something_is_renewed(
    artifacts: Path, there: list[str], expected: list[str]
) -> None:
    run = make_run(artifacts, *TESTED, "submission.csv")
    for name in there:
        add_to_run(run, name, "")
    assert typed(after_run(run, artifacts)) == [*expected, "explain --customer 0042"]


def test_a_half_that_a_run_lacks_is_named(artifacts: Path) -> None:
    tested = make_run(artifacts, *TESTED)
    assert typed(after_run(tested, artifacts))[6] == "recommend"
    recommended = make_run(artifacts, "submission.csv")
    assert typed(after_run(recommended, artifacts)) == [f"run --config {recommended}/config.resolved.toml"]


def test_a_run_is_named_where_another_would_be_looked_at_and_compared_with_the_one_before(artifacts: Path) -> None:
    first, second = (make_run(artifacts, *TESTED, "submission.csv") for _ in range(2))
    assert {step.words[-2:] == ["--run", first.name] for step in after_run(first, artifacts)} == {True}
    assert typed(after_run(second, artifacts))[-1] == f"runs compare {first.name} {second.name}"
    assert typed(after_list(artifacts))[0] == f"runs compare {first.name} {second.name}"
    assert typed(after_removal(artifacts)) == ["runs list"]


@pytest.mark.parametrize("customer", ["\x1b[31m1", '"1', "-1"])
def test_a_customer_whose_id_cannot_be_typed_is_not_named(artifacts: Path, customer: str) -> None:
    run = make_run(artifacts, *TESTED, "submission.csv", customer=customer)
    assert not [words for words in typed(after_run(run, artifacts)) if "--customer" in words]


def test_without_a_run_there_is_one_to_make(artifacts: Path) -> None:
    assert typed(after_list(artifacts)) == typed(after_removal(artifacts)) == ["run"]


def test_the_flags_of_the_data_and_the_folder_are_passed_on(artifacts: Path) -> None:
    flags, other = ["--config", "my shop.toml"], Path("b")
    assert typed(after_data(flags, profiled=False)) == ["run --config 'my shop.toml'", "data profile --config 'my shop.toml'"]
    assert typed(after_data(flags, profiled=True)) == ["run --config 'my shop.toml'"]
    assert typed(after_estimate(flags, artifacts, fits=True)) == ["run --config 'my shop.toml'"]
    assert typed(after_estimate(flags, other, fits=False)) == ["run --config 'my shop.toml' --artifacts b --sample 0.1"]
    assert typed(after_stop(["--no-final"], other)) == ["run --no-final --artifacts b"]
    run = make_run(other, *TESTED)
    assert {words.endswith(" --artifacts b") for words in typed(after_run(run, other))} == {True}


def test_every_command_that_is_named_is_one_and_takes_its_flags(artifacts: Path) -> None:
    make_run(artifacts, *TESTED)
    runs = [make_run(Path("b"), *files) for files in (TESTED, (*TESTED, "submission.csv"), ("submission.csv",))]
    flags = ["--dataset", "hm", "--data-dir", "."]
    steps = [*after_data(flags, profiled=False), *after_simulated(Path("twin")), *after_estimate([], artifacts, fits=False)]
    steps += [step for run in runs for step in after_run(run, Path("b"))] + after_list(artifacts) + after_removal(artifacts)
    assert len(steps) > 12
    for step in steps:
        app.parse_args(list(step.words), exit_on_error=False, print_error=False)


def test_only_the_first_are_told_and_none_where_silence_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [Step(["run"], "a"), Step(["data", "check"], "b"), Step(["doctor"], "c")]
    assert len(steps) > MOST
    tell(steps, silent=False)
    assert capsys.readouterr().out == "Next: lookbook run         # a\n      lookbook data check  # b\n"
    tell(steps, silent=True)
    tell([], silent=False)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "last"),
    [
        ("data check --dataset hm --data-dir hm", "      lookbook data profile --data-dir hm --dataset hm"),
        ("run --dataset hm --data-dir hm --dry-run --no-final", "Next: lookbook run --data-dir hm --dataset hm --no-final"),
        ("runs list", "Next: lookbook run"),
        ("doctor", "      lookbook data profile"),
    ],
)
def test_the_last_line_of_a_command_is_the_next_one_but_not_in_json(hm_folder: Path, arguments: str, last: str) -> None:
    for form in ("", " --json"):
        command = [LOOKBOOK, *(arguments + form).split()]
        told = subprocess.run(command, cwd=hm_folder.parent, capture_output=True, text=True, check=True, timeout=100).stdout
        assert told.splitlines()[-1].startswith(last) == (not form)
        assert ("Next: " in told) == (not form)
