"""Which device trains the embedding model, and why."""

import ctypes

from lookbook.pipelines.errors import ResourceError
from lookbook.retrieval.source import Device


def choose_device(wanted: str) -> tuple[Device, str]:
    """The device for `wanted` (auto, gpu or cpu) and the reason, for people.

    The driver is asked before TensorFlow is imported, because that import takes seconds.

    Raises:
        ResourceError: "gpu" was asked for and there is none that TensorFlow can use.
    """
    if wanted == "cpu":
        return "cpu", "cpu was asked for"
    missing = _why_no_gpu()
    if missing is None:
        return "gpu", "TensorFlow sees a GPU"
    if wanted == "gpu":
        raise ResourceError(f"device = gpu, but {missing}. Use --device auto or cpu, or install the GPU extra (make gpu).")
    return "cpu", missing


def _why_no_gpu() -> str | None:
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "there is no NVIDIA driver (libcuda.so.1)"
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0 or count.value == 0:
        return "the NVIDIA driver shows no GPU"
    import tensorflow

    if not tensorflow.config.list_physical_devices("GPU"):
        return "TensorFlow was installed without CUDA (make gpu installs it)"
    return None
