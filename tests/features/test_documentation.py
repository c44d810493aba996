from pathlib import Path

from lookbook.features.documentation import features_page
from lookbook.features.registry import GROUPS

PAGE = Path(__file__).parents[2] / "docs" / "features.md"


def test_the_page_in_the_repository_is_fresh():
    assert PAGE.read_text() == features_page(), "renew it: make docs"


def test_every_feature_stands_on_the_page_once():
    page = features_page()
    assert {f.name: page.count(f"| `{f.name}` |") for g in GROUPS for f in g.features} == {
        f.name: 1 for g in GROUPS for f in g.features
    }
