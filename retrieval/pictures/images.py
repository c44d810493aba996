"""Pictures as the network takes them: the whole picture, its sides in proportion, on a white square.

Input: a file that Pillow can read (JPEG, PNG, ...). Output: pixels.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL import Image

MEAN, SCALE = 127.0, 128.0
"""A channel of a pixel, 0 to 255, reaches the network as (value - MEAN) / SCALE, as in its training."""
WHITE = (255, 255, 255)


class UnreadablePictureError(ValueError):
    """The file is cut, damaged, too large, or no picture."""


def read_picture(file: Path, size: int) -> npt.NDArray[np.uint8]:
    """Red, green and blue, 0 to 255, of `size` x `size` pixels. What is transparent is white; of moving pictures the first counts.

    Raises:
        UnreadablePictureError: with the reason.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as opened:
            opened.draft("RGB", (2 * size, 2 * size))  # a JPEG is decoded at the nearest larger size, several times as fast
            flat = opened.convert("RGB") if not opened.has_transparency_data else _on_white(opened)
        return np.asarray(ImageOps.pad(flat, (size, size), Image.Resampling.BICUBIC, color=WHITE), np.uint8)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadablePictureError(str(error)) from error


def _on_white(picture: "Image.Image") -> "Image.Image":
    from PIL import Image

    above = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", above.size, (*WHITE, 255)), above).convert("RGB")


def as_input(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Pixels as the network takes them."""
    return (pixels.astype(np.float32) - np.float32(MEAN)) / np.float32(SCALE)
