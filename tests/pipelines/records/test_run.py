"""What run.json tells."""

from datetime import date

from lookbook.pipelines.records.run import About


def about(data: dict[str, object]) -> About:
    known = dict.fromkeys(("settings_digest", "preset", "dataset", "data_digest", "device"), "x")
    finished = "2020-09-22T12:34:56+00:00"
    return About(**known, finished=finished, k=12, data=data, trees=1, versions={}, stages={}, peak_memory_mb=1)


def test_the_last_day_of_data_is_that_of_the_converted_data_set() -> None:
    assert about({"last_day": "2020-09-22"}).last_day == date(2020, 9, 22)
    assert about({}).last_day is None


def test_the_end_of_a_run_is_told_to_the_minute() -> None:
    assert about({}).minute == "2020-09-22 12:34"
