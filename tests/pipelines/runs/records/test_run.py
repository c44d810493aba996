"""What run.json tells."""

from datetime import date

from lookbook.pipelines.runs.records.run import About


def about(**weeks: str | None) -> About:
    known = dict.fromkeys(("settings_digest", "preset", "dataset", "data_digest", "device"), "x")
    finished = "2020-09-22T12:34:56+00:00"
    return About(**known, finished=finished, k=12, data={}, trees=1, versions={}, stages={}, peak_memory_mb=1, **weeks)


def test_the_last_known_day_is_the_one_before_the_final_week_or_the_last_of_the_test_week() -> None:
    assert about(final_week="2020-09-23").last_day == date(2020, 9, 22)
    assert about(test_week="2020-09-16").last_day == date(2020, 9, 22)


def test_the_end_of_a_run_is_told_to_the_minute() -> None:
    assert about().minute == "2020-09-22 12:34"
