"""Loading TensorFlow for training: quietly, on one thread, with deterministic kernels.

Input: nothing. Output: nothing; the settings hold for the process. On one thread training gives the same bytes on any machine
of one kind, however many cores it has.
"""

import contextlib
import os
from collections.abc import Iterator


def start_tensorflow() -> None:
    """Load TensorFlow and Keras and pin their settings. Safe to call twice.

    Raises:
        RuntimeError: from TensorFlow, when something else in this process has computed with other settings already.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _without_chatter():
        import keras  # noqa: F401
        import tensorflow as tf

        if tf.config.threading.get_intra_op_parallelism_threads() != 1:
            tf.config.threading.set_intra_op_parallelism_threads(1)
            tf.config.threading.set_inter_op_parallelism_threads(1)
            tf.config.experimental.enable_op_determinism()
            tf.config.list_logical_devices()  # starts the runtime, which has its own say


@contextlib.contextmanager
def _without_chatter() -> Iterator[None]:
    """Drop what is written to the error stream below Python: TensorFlow greets there before it reads its log level."""
    stream, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(stream, 2)
        os.close(stream)
        os.close(nowhere)
