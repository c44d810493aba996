"""The peak of memory while something ran, not that of the process so far."""

import numpy as np

from lookbook.pipelines.machine.memory import SAMPLE_SECONDS, PeakMemory

MB = 1 << 20


def test_a_peak_is_seen_even_after_its_memory_is_free_again() -> None:
    with PeakMemory() as small:
        pass
    with PeakMemory() as large:
        block = np.ones(200 * MB, dtype=np.uint8)
        wait()
        del block
    assert large.mb >= small.mb + 150


def test_an_earlier_peak_does_not_count() -> None:
    block = np.ones(200 * MB, dtype=np.uint8)
    with PeakMemory() as before:
        assert block[0] == 1
    del block
    with PeakMemory() as after:
        wait()
    assert after.mb <= before.mb - 150


def test_what_is_measured_may_fail() -> None:
    memory = PeakMemory()
    try:
        with memory:
            raise RuntimeError
    except RuntimeError:
        assert memory.mb > 0


def wait() -> None:
    import time

    time.sleep(5 * SAMPLE_SECONDS)
