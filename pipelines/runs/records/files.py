"""What commands leave as JSON: frozen dataclasses, written and read back in one place.

A field whose default is None is a key that is left out where it is None, and may be missing. Every other field is always there,
with null for None. The order of the fields is that of the keys; keys that a record does not know are left out when it is read.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl
from pydantic import TypeAdapter, ValidationError

from lookbook.pipelines.errors import ArtifactError

Json = dict[str, "Json"] | list["Json"] | str | float | int | bool | None
Record = TypeVar("Record")


def content_of(record: object) -> Json:
    """A record as dicts, lists and single values. Paths and days become text."""
    match record:
        case None | str() | bool() | int() | float():
            return record
        case Mapping():
            return {str(key): content_of(value) for key, value in record.items()}
        case list() | tuple():
            return [content_of(item) for item in record]
    if is_dataclass(record):
        values = ((field, getattr(record, field.name)) for field in fields(record))
        return {field.name: content_of(value) for field, value in values if value is not None or field.default is not None}
    return str(record)


def as_dict(record: object) -> dict[str, Json]:
    """`content_of` a record, not of a list or a value."""
    content = content_of(record)
    assert isinstance(content, dict)
    return content


def as_json(record: object) -> str:
    """The text of a file."""
    return json.dumps(content_of(record), indent=1, allow_nan=False) + "\n"


def as_line(record: object) -> str:
    """What --json prints."""
    return json.dumps(content_of(record), allow_nan=False)


def rows_of(table: pl.DataFrame, kind: type[Record]) -> Sequence[Record]:
    """A record for each row; its fields are columns of `table`."""
    adapter = TypeAdapter(kind)
    return [adapter.validate_python(row) for row in table.to_dicts()]


def record_of(content: Mapping[str, object], kind: type[Record]) -> Record:
    """The record whose fields are in `content`, nested ones as records or as their content."""
    return TypeAdapter(kind).validate_python(content)


def read_record(file: Path, kind: type[Record]) -> Record:
    """The record in `file`.

    Raises:
        ArtifactError: the file is missing, or it holds no such record.
    """
    try:
        return TypeAdapter(kind).validate_json(file.read_bytes())
    except OSError as error:
        raise ArtifactError(f"{file}: {error.strerror}; expected a file that an earlier command wrote") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ArtifactError(f"{file} is damaged: {where or 'the whole of it'}: {first['msg']}; run the command again") from None
