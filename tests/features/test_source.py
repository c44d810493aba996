import pytest

from lookbook.features.source import pair_feature_docs

COLUMNS = ["customer", "article", "n_sources", "rrf", "same_product_score", "same_product_rank"]


def test_every_column_but_the_keys_is_documented_and_names_its_source():
    docs = pair_feature_docs(COLUMNS)
    assert list(docs) == COLUMNS[2:]
    assert "source same_product" in docs["same_product_rank"]
    assert "source same_product" in docs["same_product_score"]


def test_a_column_without_documentation_is_refused():
    with pytest.raises(ValueError, match="unknown column of pairs 'label'"):
        pair_feature_docs([*COLUMNS, "label"])
