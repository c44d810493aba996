"""From drawn pictures to candidates, with a network that was never trained."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.pictures import Pictures
from lookbook.retrieval.pictures.components import principal_components
from lookbook.retrieval.pictures.network import Blocks, Network
from lookbook.retrieval.pictures.vectors import picture_vectors
from lookbook.retrieval.pictures.weights import convert
from lookbook.retrieval.source import CandidateSource

Image = pytest.importorskip("PIL.Image", reason="the extra pictures is not installed")
pytest.importorskip("safetensors", reason="the extra pictures is not installed")

AS_OF = date(2020, 9, 15)
RED, BLUE = (200, 30, 40), (40, 60, 190)
DESIGNS = [(colour, striped) for colour in (RED, BLUE) for striped in (True, False)]
OF_A_DESIGN, FOUND = 5, 3


@pytest.fixture
def tiny() -> Network:
    body = (
        Blocks(repeats=1, kernel=3, stride=1, expansion=1, filters=16),
        Blocks(repeats=2, kernel=5, stride=2, expansion=6, filters=24),
    )
    return Network(size=32, stem=16, body=body, head=64)


def draw(file: Path, colour: tuple[int, int, int], *, striped: bool, seed: int) -> None:
    """A garment of one colour, striped or plain, with noise, somewhere on light grey."""
    rng = np.random.default_rng(seed)
    pixels = np.full((120, 90, 3), 235.0)
    top, left = rng.integers(5, 30, 2)
    garment = np.full((80, 50, 3), colour, float)
    if striped:
        garment[(np.arange(80) // 8) % 2 == 0] = 250
    pixels[top : top + 80, left : left + 50] = garment
    noisy = (pixels + rng.normal(0, 6, pixels.shape)).clip(0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(file, quality=90)


@pytest.fixture
def looks(
    tiny: Network, trained: Mapping[str, npt.NDArray[np.generic]], write_checkpoint: Callable[..., Path], tmp_path: Path
) -> Pictures:
    """Of articles 1 to 20, five of each design."""
    files = {}
    for place in range(len(DESIGNS) * OF_A_DESIGN):
        colour, striped = DESIGNS[place // OF_A_DESIGN]
        files[str(place + 1)] = tmp_path / f"{place + 1}.jpg"
        draw(files[str(place + 1)], colour, striped=striped, seed=place)
    checkpoint, weights = write_checkpoint(trained), tmp_path / "w.safetensors"
    convert(checkpoint, weights, sha256=hashlib.sha256(checkpoint.read_bytes()).hexdigest())
    (seen,) = picture_vectors(files, weights, part=100, device="cpu", network=tiny)
    short = principal_components(seen["vector"].to_numpy(), 8)
    table = pl.DataFrame({"article": seen["sha256"].cast(pl.UInt32), "vector": short})
    return Pictures("drawn", table.lazy())


def test_what_a_customer_gets_looks_like_what_they_bought(
    looks: Pictures,
    make_dataset: Callable[..., Dataset],
    with_settings: Callable[..., CandidateSource],
    retrieve: Callable[..., object],
) -> None:
    bought = {customer: customer * OF_A_DESIGN + 1 for customer in range(len(DESIGNS))}
    shop = make_dataset(
        pl.DataFrame([(c, a, AS_OF - timedelta(days=1)) for c, a in bought.items()], ["customer", "article", "date"], orient="row"),
        articles=pl.DataFrame({"article": range(1, 21), "name": [f"thing{article}" for article in range(1, 21)]}),
    )
    content = with_settings("content", picture_weight=1.0, sales_power=0.0, min_articles=1, k=FOUND)
    _, found = retrieve(content, replace(shop, pictures=looks), AS_OF)  # type: ignore[misc]
    for customer, article in bought.items():
        alike = found.filter(pl.col("customer") == customer)["article"].to_list()
        assert alike[0] == article
        assert len(alike) == FOUND
        assert set(alike) < set(range(article, article + OF_A_DESIGN))
