import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from lookbook.retrieval.pictures.images import UnreadablePictureError, as_input, read_picture
from lookbook.retrieval.pictures.network import Network
from lookbook.retrieval.pictures.vectors import BATCH, picture_vectors
from lookbook.retrieval.pictures.weights import convert

Image = pytest.importorskip("PIL.Image", reason="the extra pictures is not installed")
pytest.importorskip("safetensors", reason="the extra pictures is not installed")
Arrays = Mapping[str, npt.NDArray[np.generic]]


@pytest.fixture
def weights(trained: Arrays, write_checkpoint: Callable[..., Path], tmp_path: Path) -> Path:
    file = write_checkpoint(trained)
    convert(file, tmp_path / "w.safetensors", sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    return tmp_path / "w.safetensors"


def pictures(folder: Path, n: int) -> dict[str, Path]:
    """Pictures of noise, by name."""
    rng = np.random.default_rng(8)
    files = {f"{place:03}": folder / f"{place}.png" for place in range(n)}
    for file in files.values():
        Image.fromarray(rng.integers(0, 256, (12, 9, 3), dtype=np.uint8)).save(file)
    return files


def test_a_picture_is_seen_whole_and_in_proportion_on_white(tmp_path: Path) -> None:
    Image.new("RGB", (100, 200), (200, 0, 0)).save(tmp_path / "tall.png")
    found = read_picture(tmp_path / "tall.png", 40)
    assert found.shape == (40, 40, 3)
    assert (found[:, :10] == 255).all()
    assert (found[:, 10:30] == (200, 0, 0)).all()
    assert (found[:, 30:] == 255).all()
    np.testing.assert_array_equal(as_input(np.array([[[255, 127, 0]]], np.uint8)), np.float32([[[1, 0, -127 / 128]]]))


@pytest.mark.parametrize(("mode", "colour"), [("L", 90), ("P", 3), ("CMYK", (0, 0, 0, 60)), ("RGBA", (255, 0, 0, 0)), ("I;16", 9)])
def test_a_picture_of_any_kind_has_three_colours_and_what_is_transparent_is_white(
    tmp_path: Path, mode: str, colour: object
) -> None:
    Image.new(mode, (8, 8), colour).save(tmp_path / "picture.tiff")
    found = read_picture(tmp_path / "picture.tiff", 4)
    assert found.shape == (4, 4, 3)
    assert (found == 255).all() == (mode == "RGBA")


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "picture.jpg"
    Image.effect_noise((90, 90), 60).save(file)
    file.write_bytes(file.read_bytes()[:500] if content is None else content)
    with pytest.raises(UnreadablePictureError):
        read_picture(file, 4)


def test_a_vector_depends_on_its_picture_alone(tiny: Network, weights: Path, tmp_path: Path) -> None:
    files = pictures(tmp_path, BATCH + 3)
    whole = pl.concat(picture_vectors(files, weights, part=100, device="cpu", network=tiny))
    assert whole["sha256"].to_list() == list(files)
    assert whole["vector"].dtype == pl.Array(pl.Float32, tiny.head)
    assert whole["vector"].n_unique() == len(files)
    parts = list(picture_vectors(files, weights, part=7, device="cpu", network=tiny))
    assert [len(part) for part in parts] == [7] * (len(files) // 7)
    assert pl.concat(parts).equals(whole)
    (alone,) = picture_vectors({"034": files["034"]}, weights, part=7, device="cpu", network=tiny)
    assert alone.equals(whole.filter(pl.col("sha256") == "034"))


def test_a_file_that_cannot_be_read_has_no_vector_and_stops_nothing(tiny: Network, weights: Path, tmp_path: Path) -> None:
    files = pictures(tmp_path, 3)
    files["001"].write_bytes(b"damaged")
    (found,) = picture_vectors(files, weights, part=7, device="cpu", network=tiny)
    assert found["vector"].is_null().to_list() == [False, True, False]
    assert list(picture_vectors({}, weights, part=7, device="cpu", network=tiny)) == []
