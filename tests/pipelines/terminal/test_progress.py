"""What is told while a command works."""

import io

import pytest
from rich.console import Console

from lookbook.pipelines.terminal.progress import Reporter, choose_mode


@pytest.mark.parametrize(("json", "quiet", "mode"), [(True, True, "quiet"), (True, False, "json"), (False, True, "quiet")])
def test_quiet_wins_over_json_lines(json: bool, quiet: bool, mode: str) -> None:
    assert choose_mode(json=json, quiet=quiet) == mode


def told(reporter: Reporter, stage: str, *, reused: int = 0, computed: int = 0, seconds: float = 0.0) -> None:
    for _ in range(reused):
        reporter._record(stage, "", 0.0, True)
    for _ in range(computed):
        reporter._record(stage, "", seconds, False)


def test_a_resumed_run_counts_on_the_pace_of_the_steps_it_computed() -> None:
    reporter = Reporter("quiet")
    reporter.plan({"retrieve": 20})
    told(reporter, "retrieve", reused=9, computed=1, seconds=60.0)
    assert reporter._eta() == "10:00 left"


def test_stages_whose_steps_were_all_reused_so_far_are_expected_to_go_on_so() -> None:
    reporter = Reporter("quiet")
    reporter.plan({"learn": 50, "fit": 1})
    told(reporter, "learn", reused=10)
    told(reporter, "fit", computed=1, seconds=60.0)
    assert reporter._eta() == "0:00 left"


def test_a_stage_without_a_step_so_far_takes_the_mean_of_all() -> None:
    reporter = Reporter("quiet")
    reporter.plan({"learn": 2, "rank": 3})
    assert reporter._eta() == ""
    told(reporter, "learn", computed=2, seconds=10.0)
    assert reporter._eta() == "0:30 left"


def test_off_a_terminal_what_was_reused_is_one_line_until_something_is_computed() -> None:
    reporter = Reporter("plain", Console(file=io.StringIO(), width=100))
    reporter.plan({"learn": 3, "retrieve": 2, "rank": 1})
    with reporter.showing():
        told(reporter, "learn", reused=3)
        told(reporter, "retrieve", reused=1, computed=1)
        told(reporter, "rank", reused=1)
    assert isinstance(reporter.console.file, io.StringIO)
    first, second, third = reporter.console.file.getvalue().splitlines()
    assert first == "[  4/6] 4 stages of learn, retrieve reused"
    assert second.startswith("[  5/6] retrieve ")
    assert third == "[  6/6] 1 stage of rank reused"


def test_plain_lines_fit_80_columns() -> None:
    reporter = Reporter("plain", Console(file=io.StringIO(), width=80))
    reporter.plan({"learn": 99, "retrieve": 1})
    told(reporter, "learn", computed=1, seconds=9.0)
    reporter._record("retrieve", "2020-08-19 shard 1/1 matrix_factorization", 12.3, False)
    for step in ("data", "learn", "retrieve", "examples", "fit"):
        told(reporter, step, reused=1)
    reporter.say("end")
    assert isinstance(reporter.console.file, io.StringIO)
    lines = reporter.console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1].endswith("12.3 s 14:42 left")
    assert lines[2] == "[  7/100] 5 stages of data, learn, retrieve and 2 other steps reused"
