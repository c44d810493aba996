import shutil
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.errors import DataError, FormatError, SourceFileError
from lookbook.data.movielens.ratings import read_ratings
from lookbook.data.registry import convert_dataset, source_digest, source_files
from lookbook.data.schema import TRANSACTIONS
from lookbook.data.settings import DataSettings

MakeSettings = Callable[..., DataSettings]
FORMS = ("ml-100k", "ml-1m", "ml-25m")
NIGHT, NOON, SUNDAY = 978307140, 978350400, 978825600  # 2000-12-31 23:59, 2001-01-01 12:00, 2001-01-07 00:00, all in UTC
RATINGS = [(1, 10, 5, NIGHT), (1, 9, 3, NIGHT), (2, 10, 4, NOON), (2, 267, 4, SUNDAY)]
MOVIES = {
    9: ("Misérables, Les (1995)", "Drama|Musical"),
    10: ("Léon: The Professional (1994)", "Crime|Drama|Romance"),
    11: ("Léon: The Professional (1999)", "Crime"),
    267: ("unknown", "unknown"),
}
USERS = {1: (25, "F", "10"), 2: (56, "M", "2"), 3: (1, "M", "10")}
TAGS = [
    (1, 10, "Hit man", NIGHT),
    (2, 10, "hit man", NIGHT),
    (2, 10, "a girl", NOON),
    (3, 10, "a girl", NIGHT),
    (1, 10, "A girl", SUNDAY),
]


@pytest.fixture(params=FORMS)
def folder(request: pytest.FixtureRequest, write_movielens: Callable[..., Path], tmp_path: Path) -> Path:
    return write_movielens(tmp_path / request.param, request.param, ratings=RATINGS, movies=MOVIES, users=USERS, tags=TAGS)


@pytest.fixture
def convert(make_settings: MakeSettings, tmp_path: Path, today: date) -> Callable[..., Dataset]:
    """Convert a set, with changes to [data.movielens] and to [data]."""

    def converted(folder: Path, choices: dict[str, object] | None = None, **changes: object) -> Dataset:
        given = make_settings(dataset="movielens", data_dir=str(folder), **changes)
        settings = make_settings(
            dataset="movielens", data_dir=str(folder), movielens={**vars(given.movielens), **(choices or {})}, **changes
        )
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        convert_dataset(settings, tmp_path / "out", today=today)
        return Dataset.open(tmp_path / "out")

    return converted


def test_a_rating_of_four_stars_is_a_purchase_at_its_stars_in_every_form(folder: Path, convert: Callable[..., Dataset]) -> None:
    first = {1: date(2000, 12, 31), 2: date(2001, 1, 1)}
    expected = pl.DataFrame(
        [(0, 0, first[1], 1, 5.0, 0), (1, 0, first[2], 1, 4.0, 0), (1, 2, date(2001, 1, 7), 1, 4.0, 0)],
        schema=TRANSACTIONS,
        orient="row",
    )
    assert convert(folder).transactions.collect().equals(expected)  # articles 0, 1, 2, 3 are the movies 10, 11, 267, 9


def test_what_counts_as_liked_is_a_setting_and_the_others_are_counted(
    folder: Path, convert: Callable[..., Dataset], make_settings: MakeSettings, tmp_path: Path, today: date
) -> None:
    assert convert(folder, {"liked": 0.0}).transactions.collect().height == 4
    assert convert(folder, {"liked": 5.0}).transactions.collect().height == 1
    summary = convert_dataset(make_settings(dataset="movielens", data_dir=str(folder)), tmp_path / "again", today=today)
    assert summary.dropped == {"transactions: rating_below_liked": 1}
    assert summary.read["transactions"] == 4
    assert summary.quarantined == {}
    assert [warning for warning in summary.warnings if "weeks" not in warning] == []


def test_genres_and_years_become_levels_and_names_keep_their_accents(folder: Path, convert: Callable[..., Dataset]) -> None:
    articles = convert(folder).articles.select("name", "product", "category", "department", "section", "colour", "brand").collect()
    assert articles.rows() == [
        ("Léon: The Professional (1994)", 1, 2, 1, 1, None, None),
        ("Léon: The Professional (1999)", 1, 1, 1, 3, None, None),
        ("unknown", 3, None, None, None, None, None),
        ("Misérables, Les (1995)", 2, 3, 2, 2, None, None),
    ]


def test_users_of_the_sets_that_describe_them_have_attributes(folder: Path, convert: Callable[..., Dataset]) -> None:
    customers = convert(folder).customers.collect()
    after = {
        "ml-100k": [(25.0, 3, 0.0, 1.0), (56.0, 6, 1.0, 2.0), (1.0, 1, 1.0, 1.0)],
        "ml-1m": [(29.5, 3, 0.0, 10.0), (60.0, 7, 1.0, 2.0), (16.0, 1, 1.0, 10.0)],
        "ml-25m": [(None, None), (None, None)],
    }
    assert customers.drop("customer").rows() == after[folder.name]


def test_a_zip_file_gives_the_same_bytes_as_its_folder_wherever_it_lies(
    folder: Path, convert: Callable[..., Dataset], make_settings: MakeSettings, tmp_path: Path
) -> None:
    unpacked, settings = convert(folder), make_settings(dataset="movielens", data_dir=str(folder))
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    packed = inbox / f"{folder.name}.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"__MACOSX/{folder.name}/._README", "x")
        archive.writestr(f"{folder.name}/README", "Summary")
        for file in folder.iterdir():
            archive.write(file, f"{folder.name}/{file.name}")
    for place in (packed, inbox, folder.parent / folder.name, tmp_path):
        if place == tmp_path:
            shutil.move(
                inbox, tmp_path / folder.name / "inbox"
            )  # the folder of the set is the only one in tmp_path, but for the output
        assert convert(place).digest == unpacked.digest
    moved = make_settings(dataset="movielens", data_dir=str(folder / "inbox"))
    assert source_digest(moved) == source_digest(settings)
    assert [file.size for file in source_files(moved)] == [file.size for file in source_files(settings)]


@pytest.mark.parametrize("form", FORMS)
def test_the_same_ratings_are_read_from_every_form(form: str, write_movielens: Callable[..., Path], tmp_path: Path) -> None:
    place = write_movielens(tmp_path / form, form, ratings=reversed(RATINGS), movies=MOVIES, users=USERS)
    rows = read_ratings(place).rows()
    assert rows == [(1, 9, 3.0, NIGHT), (1, 10, 5.0, NIGHT), (2, 10, 4.0, NOON), (2, 267, 4.0, SUNDAY)]


def test_half_stars_quotes_and_missing_genres_are_read(
    write_movielens: Callable[..., Path], convert: Callable[..., Dataset], tmp_path: Path
) -> None:
    movies = {1: ('"Great Performances" Cats (1998)', "(no genres listed)"), 2: ("Fawlty Towers (1975-1979) ", "Comedy|IMAX")}
    folder = write_movielens(
        tmp_path / "ml", "ml-latest-small", ratings=[(1, 1, 0.5, NOON), (1, 2, 4.5, NOON)], movies=movies, users={}
    )
    dataset = convert(folder, {"liked": 0.0})
    assert dataset.transactions.collect()["price"].to_list() == [0.5, 4.5]
    names = dataset.articles.select("name", "category", "section").collect()
    assert names.rows() == [('"Great Performances" Cats (1998)', None, 2), ("Fawlty Towers (1975-1979)", 1, 1)]


def test_the_brand_is_the_tag_that_most_users_gave_before_a_day(
    write_movielens: Callable[..., Path], convert: Callable[..., Dataset], tmp_path: Path
) -> None:
    movies = {**MOVIES, 11: ("Killer, The (1989)", "Action")}
    other = [(1, 11, "hit man", NIGHT), (1, 9, "a girl", NIGHT)]
    folder = write_movielens(tmp_path / "ml", "ml-25m", ratings=RATINGS, movies=movies, users={}, tags=[*TAGS, *other])

    def brands(before: str) -> list[int | None]:
        return convert(folder, {"tags_before": before}).articles.collect()["brand"].to_list()

    hit_man, a_girl = 2, 1  # codes in the order of texts
    assert brands("") == [None] * 4
    assert brands("2000-12-31") == [None] * 4
    assert brands("2001-01-01") == [hit_man, hit_man, None, a_girl]
    assert brands("2001-01-02") == [a_girl, hit_man, None, a_girl], "of equals the first in the order of texts"


def test_a_set_without_tags_says_so(
    write_movielens: Callable[..., Path], make_settings: MakeSettings, tmp_path: Path, today: date
) -> None:
    folder = write_movielens(tmp_path / "ml", "ml-1m", ratings=RATINGS, movies=MOVIES, users=USERS)
    choices = {**vars(make_settings().movielens), "tags_before": "2001-01-01"}
    summary = convert_dataset(
        make_settings(dataset="movielens", data_dir=str(folder), movielens=choices), tmp_path / "out", today=today
    )
    assert "data.movielens.tags_before: ml-1m has no tags" in summary.warnings


def test_a_set_whose_file_of_tags_was_left_behind_is_read_without_and_says_so(
    write_movielens: Callable[..., Path], convert: Callable[..., Dataset], tmp_path: Path
) -> None:
    folder = write_movielens(tmp_path / "ml", "ml-25m", ratings=RATINGS, movies=MOVIES, users=USERS, tags=TAGS)
    (folder / "tags.csv").unlink()
    assert convert(folder, {"tags_before": "2001-01-01"}).articles.collect()["brand"].null_count() == len(MOVIES)
    assert "data.movielens.tags_before: there is no tags.csv" in (tmp_path / "out" / "dataset.json").read_text()


def test_days_are_counted_in_utc_or_the_zone_that_is_set(folder: Path, convert: Callable[..., Dataset]) -> None:
    zoned = convert(folder, time_zone="Asia/Tokyo").transactions.collect()
    assert zoned["date"].to_list() == [date(2001, 1, 1), date(2001, 1, 1), date(2001, 1, 7)]


def test_the_channel_can_say_the_half_of_the_day_or_the_weekend(folder: Path, convert: Callable[..., Dataset]) -> None:
    assert convert(folder, {"context": "daytime"}).transactions.collect()["channel"].to_list() == [2, 1, 2]
    assert convert(folder, {"context": "weekend"}).transactions.collect()["channel"].to_list() == [2, 1, 2]
    afternoon = convert(folder, {"context": "daytime"}, time_zone="America/New_York").transactions.collect()
    assert afternoon["channel"].to_list() == [2, 1, 2]  # 18:59, 7:00, 19:00


@pytest.mark.parametrize(
    ("choices", "message"),
    [({"liked": 6.0}, "liked 6.0; allowed"), ({"tags_before": "soon"}, "'soon'; expected a day")],
)
def test_a_choice_out_of_range_is_refused(make_settings: MakeSettings, choices: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_settings(movielens={**vars(make_settings().movielens), **choices})


def test_missing_files_are_named_with_where_they_come_from_and_go(
    folder: Path, convert: Callable[..., Dataset], tmp_path: Path
) -> None:
    articles = {"ml-100k": "u.item", "ml-1m": "movies.dat", "ml-25m": "movies.csv"}[folder.name]
    (folder / articles).unlink()
    with pytest.raises(
        SourceFileError, match=rf"{articles} is missing(.|\n)*expected: the files of .*{folder.name} \((.|\n)*grouplens.org"
    ):
        convert(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        SourceFileError, match=r"no MovieLens files(.|\n)*ml-100k \(u.data, u.item, u.user\)(.|\n)*put it, packed or not, into "
    ):
        convert(tmp_path / "empty")
    with pytest.raises(SourceFileError, match="does not exist"):
        convert(tmp_path / "nowhere")


def test_a_file_that_is_no_zip_file_is_refused_with_what_is_expected(folder: Path, convert: Callable[..., Dataset]) -> None:
    with pytest.raises(SourceFileError, match=r"neither a folder nor a zip file(.|\n)*expected: a MovieLens zip file"):
        convert(next(file for file in sorted(folder.iterdir())))


def test_a_broken_zip_file_beside_the_unpacked_files_is_not_opened(folder: Path, convert: Callable[..., Dataset]) -> None:
    (folder.parent / f"{folder.name}.zip").write_bytes(b"half of it")
    assert convert(folder.parent).digest == convert(folder).digest


def test_two_sets_in_one_folder_are_refused_and_both_are_named(
    write_movielens: Callable[..., Path], convert: Callable[..., Dataset], tmp_path: Path
) -> None:
    for form in FORMS[:2]:
        write_movielens(tmp_path / "in" / form, form, ratings=RATINGS, movies=MOVIES, users=USERS)
    with pytest.raises(SourceFileError, match=r"2 MovieLens sets: ml-100k in .*ml-100k, ml-1m in .*ml-1m"):
        convert(tmp_path / "in")


DAMAGE: dict[str, tuple[str, bytes, bytes, type[DataError], str]] = {
    "a field is missing": ("users.dat", b"::48067", b"", FormatError, "a line has 4 fields(.|\n)*line 1"),
    "a field is too much": ("ratings.dat", b"1::10::", b"1::10::10::", FormatError, "a line has 5 fields(.|\n)*userId, movieId"),
    "the last line is cut": ("movies.dat", b"::unknown::unknown\n", b"::unk", SourceFileError, "the last line is cut"),
    "a file is empty": ("users.dat", b"*", b"", SourceFileError, "empty"),
    "a file is blank": ("users.dat", b"*", b"\n\n", SourceFileError, "no rows"),
    "a rating is no number": ("ratings.dat", b"::3::", b"::three::", DataError, "price is a number"),
    "a moment is no number": ("ratings.dat", b"::978350400", b"::yesterday", DataError, "date is iso"),
    "a movie is there twice": ("movies.dat", b"9::", b"10::", DataError, "repeat an id: 10"),
    "a movie is unknown": ("movies.dat", b"10::", b"12::", DataError, "article_known"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_file_is_refused_with_the_place(
    case: str, write_movielens: Callable[..., Path], convert: Callable[..., Dataset], tmp_path: Path
) -> None:
    name, old, new, error, message = DAMAGE[case]
    folder = write_movielens(tmp_path / "ml", "ml-1m", ratings=RATINGS, movies=MOVIES, users=USERS)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(new if old == b"*" else content.replace(old, new, 1))
    with pytest.raises(error, match=message.replace("price is a number", "price_is_a_number")):
        convert(folder)


def test_blank_lines_and_carriage_returns_change_nothing(
    write_movielens: Callable[..., Path], convert: Callable[..., Dataset], tmp_path: Path
) -> None:
    folder = write_movielens(tmp_path / "ml", "ml-100k", ratings=RATINGS, movies=MOVIES, users=USERS)
    before = convert(folder).digest
    for file in folder.iterdir():
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    assert convert(folder).digest == before


def test_a_zip_file_that_is_cut_or_lacks_a_file_is_refused(
    write_movielens: Callable[..., Path], convert: Callable[..., Dataset], tmp_path: Path
) -> None:
    folder = write_movielens(tmp_path / "ml", "ml-1m", ratings=RATINGS, movies=MOVIES, users=USERS)
    packed = tmp_path / "ml-1m.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"ml-1m/{file.name}")
    whole = packed.read_bytes()
    packed.write_bytes(whole[:-40])
    with pytest.raises(SourceFileError, match="zip file cannot be read"):
        convert(packed)
    packed.write_bytes(whole.replace(b"2::10::4", b"2::10::5"))
    with pytest.raises(SourceFileError, match=r"cannot be read to its end(.|\n)*ratings.dat"):
        convert(packed)
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(folder / "ratings.dat", "ml-1m/ratings.dat")
    with pytest.raises(SourceFileError, match=r"movies\.dat, users\.dat are missing"):
        convert(packed)


@pytest.mark.parametrize(("row", "message"), [((1, 9, 4, NOON), "twice"), ((1, 9.5, 4, NOON), "no number")])
def test_ratings_that_no_benchmark_can_use_are_refused(
    write_movielens: Callable[..., Path], tmp_path: Path, row: tuple[int, int, float, int], message: str
) -> None:
    folder = write_movielens(tmp_path / "ml", "ml-25m", ratings=[*RATINGS, row], movies=MOVIES, users=USERS)
    with pytest.raises(DataError, match=message):
        read_ratings(folder)
