"""Values that know their place in a JSON file."""

from lookbook.report.fact import Fact, root


def test_a_part_knows_its_file_and_pointer():
    whole = root("a.json", {"rows": [{"<=7": {"a/b~c": 0.5}}]})
    part = whole["rows"][0]["<=7"]["a/b~c"]
    assert (part.value, part.origin) == (0.5, "a.json#/rows/0/<=7/a~1b~0c")


def test_what_is_not_there_is_a_fact_of_none_however_deep_one_asks():
    missing = root("a.json", None)["rows"][3]["value"]
    assert missing.value is None
    assert not missing
    assert missing.rows() == []
    assert list(missing.items()) == []
    assert missing.text == ""


def test_zero_and_false_are_something():
    assert Fact(0, "")
    assert Fact(False, "")
    assert not Fact([], "")


def test_rows_are_found_by_what_they_hold_and_keep_their_place():
    whole = root("a.json", [{"name": "x", "n": 1}, {"name": "y", "n": 2}, {"name": "x", "n": 3}])
    assert [(row["n"].value, row.origin) for row in whole.where("name", "x")] == [(1, "a.json#/0"), (3, "a.json#/2")]


def test_a_list_reads_as_its_parts():
    assert Fact(["a", 2], "").text == "a, 2"
