"""Load one library and compute a tiny thing with it.

`python -m lookbook.pipelines.machine.probe NAME` prints what came of it as JSON.
Runs in a child process of pipelines/machine/doctor.py, so that a library that crashes or hangs is reported, not suffered.
Output: a JSON object on the last line of standard output; a library that computes something wrong raises.
"""

import json
import sys
from collections.abc import Callable
from typing import TypedDict

import numpy as np

from lookbook.pipelines.machine.device import choose_device


class Finding(TypedDict, total=False):
    """What a probe has to say beyond that it worked. gpus: names, empty when why_no_gpu tells the reason."""

    gpus: list[str]
    why_no_gpu: str


def lightgbm() -> Finding:
    """Fit two stumps that tell four zeros from four ones."""
    from lightgbm import Dataset, train

    labels = np.repeat([0.0, 1.0], 4)
    parameters = {"objective": "regression", "num_leaves": 2, "min_data_in_leaf": 1, "min_data_in_bin": 1, "verbose": -1}
    scores = train(parameters, Dataset(labels[:, None], labels), num_boost_round=2).predict(labels[:, None])
    _expect(bool(np.asarray(scores)[0] < np.asarray(scores)[-1]), f"scores {scores} do not rise with the label")
    return {}


def tensorflow() -> Finding:
    """Multiply two small matrices, and list the GPUs or say why there is none."""
    import tensorflow as tf

    product = tf.linalg.matmul(tf.ones((2, 3)), tf.ones((3, 2))).numpy()
    _expect(bool((product == 3.0).all()), f"the product of ones is {product.tolist()}, not 3")
    devices = tf.config.list_physical_devices("GPU")
    names = [str(tf.config.experimental.get_device_details(device).get("device_name", device.name)) for device in devices]
    return {"gpus": names} if names else {"why_no_gpu": choose_device("auto")[1]}


def faiss() -> Finding:
    """Find the nearest of three orthogonal vectors to each of them: itself."""
    from faiss import IndexFlatIP

    vectors = np.eye(3, dtype=np.float32)
    index = IndexFlatIP(3)
    index.add(vectors)
    nearest = index.search(vectors, 1)[1].ravel().tolist()
    _expect(nearest == [0, 1, 2], f"nearest neighbours {nearest}, expected [0, 1, 2]")
    return {}


PROBES: dict[str, Callable[[], Finding]] = {"lightgbm": lightgbm, "tensorflow": tensorflow, "faiss": faiss}


def _expect(right: bool, otherwise: str) -> None:
    if not right:
        raise ArithmeticError(otherwise)


if __name__ == "__main__":
    print(json.dumps(PROBES[sys.argv[1]]()))
