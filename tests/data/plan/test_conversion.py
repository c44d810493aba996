"""The plan of a plain shop, from its file to PLAN."""

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.errors import DataError
from lookbook.data.plan.plan import Plan, PlanSummary
from lookbook.data.registry import check_dataset, convert_dataset, convert_plan_of, source_digest
from lookbook.data.schema import PLAN
from lookbook.data.settings import DataSettings, kind_names

PAGE = Path(__file__).parents[3] / "docs" / "plan.md"
LOG = "customer,article,date,price\na,x,2024-03-01,1.5\nb,y,2024-03-02,2.5\nb,z,2024-03-02,2.5\n"
HEADER = "sku,from,until,how,stores,told\n"
ROWS = "y,2024-03-04,2024-03-10,End cap,0.5,2024-02-20\nx,2024-03-05,2024-03-05,leaflet,1,2024-03-05\n"
COLUMNS = {
    "file": "plan.csv", "article": "sku", "first_day": "from", "last_day": "until", "kind": "how", "kinds": ["leaflet", "End cap"],
    "share": "stores", "known_from": "told",
}  # fmt: skip
MARCH = [date(2024, 3, day) for day in range(1, 32)]

Planned = Callable[..., tuple[PlanSummary, Plan]]


@pytest.fixture
def shop(tmp_path: Path, make_settings: Callable[..., DataSettings]) -> Callable[..., DataSettings]:
    def make(plan: str | None, columns: dict[str, object] | None = None, **changes: object) -> DataSettings:
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / "transactions.csv").write_text(LOG)
        if plan is not None:
            (tmp_path / "in" / "plan.csv").write_text(plan)
        csv = {"plan": {**COLUMNS, **(columns or {})}}
        return make_settings(csv, dataset="csv", data_dir=str(tmp_path / "in"), plan=True, **changes)

    return make


@pytest.fixture
def planned(shop: Callable[..., DataSettings], tmp_path: Path, today: date) -> Planned:
    def convert(plan: str, columns: dict[str, object] | None = None, **changes: object) -> tuple[PlanSummary, Plan]:
        settings = shop(plan, columns, **changes)
        convert_dataset(settings, tmp_path / "out", today=today)
        summary = convert_plan_of(settings, tmp_path / "plan", dataset=tmp_path / "out")
        return summary, Plan.open(tmp_path / "plan")

    return convert


def table(*rows: tuple[int, int, date, date, float, date]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=PLAN, orient="row")


def test_rows_are_coded_dated_and_sorted(planned: Planned) -> None:
    summary, plan = planned(HEADER + ROWS)
    assert plan.kinds == ("leaflet", "end_cap")
    after = table((0, 1, MARCH[4], MARCH[4], 1, MARCH[4]), (1, 2, MARCH[3], MARCH[9], 0.5, date(2024, 2, 20)))
    assert_frame_equal(plan.rows.collect(), after)
    assert (summary.rows, summary.articles, summary.first_day, summary.last_day) == (2, 2, "2024-03-04", "2024-03-10")
    assert plan.summary == summary


def test_the_order_of_rows_and_repeated_rows_change_no_byte(planned: Planned, tmp_path: Path) -> None:
    first, _ = planned(HEADER + ROWS)
    content = (tmp_path / "plan" / "plan.parquet").read_bytes()
    again, _ = planned(HEADER + "".join(ROWS.splitlines(keepends=True)[::-1]) + ROWS)
    assert (tmp_path / "plan" / "plan.parquet").read_bytes() == content
    assert first.digest == again.digest


def test_other_names_of_the_kinds_are_another_plan(planned: Planned) -> None:
    digests = {
        planned(HEADER + ROWS, {"kinds": kinds})[0].digest for kinds in (["leaflet", "End cap"], ["leaflet", "End cap", "tv"])
    }
    assert len(digests) == 2


def test_what_the_file_does_not_say_is_any_kind_all_stores_and_known_days_before(planned: Planned) -> None:
    absent = {"kind": "", "kinds": [], "share": "", "known_from": ""}
    _, plan = planned("sku,from,until\nx,2024-03-08,2024-03-09\n", absent, plan_known_days=3)
    assert plan.kinds == ("any",)
    assert_frame_equal(plan.rows.collect(), table((0, 1, MARCH[7], MARCH[8], 1, MARCH[4])))


def test_bad_rows_are_set_aside_and_unknown_articles_dropped_each_with_its_reason(planned: Planned, tmp_path: Path) -> None:
    bad = [
        "x,2024-03-05,2024-03-04,leaflet,1,2024-03-01",
        "x,2024-03-04,2024-03-05,radio,1,2024-03-01",
        "x,2024-03-04,2024-03-05,leaflet,1.01,2024-03-01",
        "x,2024-03-04,2024-03-05,leaflet,-0.1,2024-03-01",
        "x,2024-03-04,2024-03-05,leaflet,nan,2024-03-01",
        "x,2024-03-04,2024-03-05,leaflet,,2024-03-01",
        "x,,2024-03-05,leaflet,1,2024-03-01",
        "x,2024-03-04,2024-03-05,leaflet,1,",
        ",2024-03-04,2024-03-05,leaflet,1,2024-03-01",
        "unheard,2024-03-04,2024-03-05,leaflet,1,2024-03-01",
    ]
    summary, plan = planned(HEADER + ROWS + "\n".join([*bad, ""]), quarantine_limit=0.9)
    assert plan.rows.collect().height == summary.rows == 2
    assert summary.quarantined == {
        "plan: article_id_given": 1,
        "plan: first_day_given": 1,
        "plan: kind_known": 1,
        "plan: known_from_given": 1,
        "plan: last_day_not_before_the_first": 1,
        "plan: share_is_a_share": 4,
    }
    assert summary.dropped == {"plan: article_in_the_data": 1}
    aside = pl.read_parquet(tmp_path / "plan" / "quarantine" / "plan.parquet")
    assert aside.filter(reason="kind_known").select("line", "kind", "share").row(0) == (5, "radio", "1")
    assert json.loads((tmp_path / "plan" / "plan.json").read_text())["quarantined"] == summary.quarantined


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("x,04/03/2024,2024-03-05,leaflet,1,2024-03-01\n", r"line 2, column 'from', value '04/03/2024'"),
        ("x,2024-03-04,2024-02-30,leaflet,1,2024-03-01\n", r"column 'until', value '2024-02-30'"),
        ("x,2024-03-04,2024-03-05,leaflet,1,soon\n", r"column 'told', value 'soon'"),
        ("x,2024-03-04,2024-03-05,leaflet,50,2024-03-01\n", r"(?s)over the limit of 1.00%.*write shares, not percent"),
        ("unheard,2024-03-04,2024-03-05,leaflet,1,2024-03-01\n", "no row of the plan is left"),
    ],
)
def test_days_in_other_forms_percent_and_a_plan_of_nothing_are_refused(
    planned: Planned, tmp_path: Path, rows: str, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        planned(HEADER + rows)
    assert not (tmp_path / "plan").exists()


def test_an_open_end_may_be_far_in_the_future(planned: Planned) -> None:
    _, plan = planned(HEADER + "x,2024-03-04,9999-12-31,leaflet,1,2024-03-01\n")
    known = plan.known(date(2024, 3, 2)).collect()
    assert known.row(0)[2:4] == (2, (date(9999, 12, 31) - date(2024, 3, 2)).days)


def test_a_column_that_is_not_there_is_named_by_its_setting(planned: Planned) -> None:
    with pytest.raises(DataError, match=r"data\.csv\.plan\.known_from = 'since': there is no such column"):
        planned(HEADER + ROWS, {"known_from": "since"})


def test_a_shop_without_a_plan_says_what_is_needed(shop: Callable[..., DataSettings], tmp_path: Path, today: date) -> None:
    with pytest.raises(DataError, match=r"(?s)no plan of what is known ahead.*data\.csv\.plan\.file"):
        check_dataset(shop(None, {"file": ""}), tmp_path, today=today)


def test_a_data_set_that_never_has_a_plan_names_those_that_do(
    hm_folder: Path, make_settings: Callable[..., DataSettings], tmp_path: Path
) -> None:
    settings = make_settings(dataset="hm", data_dir=str(hm_folder), plan=True)
    with pytest.raises(DataError, match=r"(?s)'hm' has no plan.*complete-journey or csv"):
        convert_plan_of(settings, tmp_path / "plan", dataset=tmp_path)


def test_a_check_reads_the_plan_only_if_it_is_asked_for(shop: Callable[..., DataSettings], tmp_path: Path, today: date) -> None:
    settings = shop(HEADER + ROWS)
    (tmp_path / "with").mkdir()
    asked = check_dataset(settings, tmp_path / "with", today=today)
    assert asked.plan is not None
    assert [file.role for file in asked.files] == ["transactions", "plan"]
    (tmp_path / "in" / "plan.csv").unlink()
    without = check_dataset(replace(settings, plan=False), tmp_path, today=today)
    assert without.plan is None
    assert without.summary == asked.summary
    assert source_digest(settings) == source_digest(replace(settings, plan=False))


def test_kinds_are_named_by_their_letters_and_digits() -> None:
    assert kind_names(["End cap", "TV-spot 2"]) == ("end_cap", "tv_spot_2")
    for kinds in (["Leaflet", "leaflet!"], ["…"]):
        with pytest.raises(ValueError, match="known: texts that differ"):
            kind_names(kinds)


def test_a_column_of_kinds_needs_their_names(shop: Callable[..., DataSettings]) -> None:
    with pytest.raises(ValueError, match="kind and kinds go together"):
        shop(None, {"kinds": []})


def test_the_example_of_the_page_converts_as_it_says(
    make_settings: Callable[..., DataSettings], tmp_path: Path, today: date
) -> None:
    plan, mapping = (re.search(rf"```{kind}\n(.*?)```", PAGE.read_text(), re.DOTALL) for kind in ("csv", "toml"))
    assert plan is not None
    assert mapping is not None
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "plan.csv").write_text(plan[1])
    log = "customer;article;date;price\na;A-1;2024-03-01;1.5\nb;B-7;2024-03-02;2.5\n"
    (tmp_path / "in" / "transactions.csv").write_text(log)
    columns = {"separator": ";", "plan": {**COLUMNS, **tomllib.loads(mapping[1])["data"]["csv"]["plan"]}}
    settings = make_settings(columns, dataset="csv", data_dir=str(tmp_path / "in"), plan=True)
    convert_dataset(settings, tmp_path / "out", today=today)
    convert_plan_of(settings, tmp_path / "plan", dataset=tmp_path / "out")
    after = table((0, 2, MARCH[3], MARCH[9], 0.4, date(2024, 2, 20)), (1, 1, MARCH[8], MARCH[8], 1, MARCH[0]))
    assert_frame_equal(Plan.open(tmp_path / "plan").rows.collect(), after)
