"""How much memory this process took while something ran. The operating system's own peak only ever grows, so it is sampled."""

import threading
from types import TracebackType

import psutil

SAMPLE_SECONDS = 0.02


class PeakMemory:
    """A context; afterwards `mb` is the highest resident memory of this process while it was open, in MiB.

    Sampled every SAMPLE_SECONDS, and at both ends: a shorter peak in between is missed.
    """

    mb: int = 0

    def __enter__(self) -> "PeakMemory":
        self._process = psutil.Process()
        self._done = threading.Event()
        self._sample()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()
        self._sample()

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            self._sample()

    def _sample(self) -> None:
        self.mb = max(self.mb, self._process.memory_info().rss >> 20)
