from pathlib import Path

from lookbook.retrieval.documentation import sources_page
from lookbook.retrieval.registry import SOURCES

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"


def test_the_page_in_the_repository_is_fresh() -> None:
    assert PAGE.read_text() == sources_page(), "renew it: make docs"


def test_every_source_has_a_section_with_its_words() -> None:
    page = sources_page()
    for name, source in SOURCES.items():
        assert f"\n## {name}\n" in page
        assert source.__doc__, name
        assert source.learn.__doc__, name
