"""Columns of a plain log with words about its articles."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.errors import DataError
from lookbook.data.registry import convert_dataset
from lookbook.data.schema import LEVELS
from lookbook.data.settings import DataSettings

MakeSettings = Callable[..., DataSettings]
ARTICLES: dict[str, object] = dict.fromkeys(("file", "id", "name", *LEVELS), "") | {"text": []}


def written(folder: Path, **files: str) -> str:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return str(folder)


def test_texts_of_articles_are_joined_from_an_articles_file_or_from_the_purchases(
    make_settings: MakeSettings, tmp_path: Path, today: date
) -> None:
    goods = "sku,title,about,care\nx,shirt, blue cotton ,cold\ny,hat,,\nz,cap,,dry\n"
    rows = ["c,x,2024-03-01,1.5,s,old,cold", "b,x,2024-03-02,1.5,,blue cotton,", "b,y,2024-03-02,1,,,"]
    log = "\n".join(["customer,article,date,price,title,about,care", *rows, ""])
    texts = {"name": "title", "text": ["about", "care"]}
    found = {}
    for place, articles in (("file", {"file": "goods.csv", "id": "sku", **texts}), ("log", texts)):
        folder = written(tmp_path / place, transactions=log, goods=goods)
        settings = make_settings(dataset="csv", data_dir=folder, csv={"articles": {**ARTICLES, **articles}})
        convert_dataset(settings, tmp_path / f"{place} out", today=today)
        found[place] = Dataset.open(tmp_path / f"{place} out").articles.select("name", "text").collect().rows()
    assert found == {
        "file": [("shirt", "blue cotton cold"), ("hat", None), ("cap", "dry")],
        "log": [("s", "blue cotton cold"), (None, None)],
    }


def test_a_text_column_that_is_not_there_is_told_with_the_change_to_the_mapping(
    make_settings: MakeSettings, tmp_path: Path, today: date
) -> None:
    log = "customer,article,date,price\nc,x,2024-03-01,1.5\n"
    folder = written(tmp_path / "in", transactions=log, articles="sku,label\nx,shirt\n")
    texts = {**ARTICLES, "file": "articles.csv", "id": "sku", "text": ["labels"]}
    settings = make_settings(dataset="csv", data_dir=folder, csv={"articles": texts})
    with pytest.raises(
        DataError, match=r"(?s)data\.csv\.articles\.text = 'labels'.*write text = \[\"label\"\] in \[data\.csv\.articles\]"
    ):
        convert_dataset(settings, tmp_path / "out", today=today)
