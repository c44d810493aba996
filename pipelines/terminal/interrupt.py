"""Ctrl-C: once stops after the current step, which is kept; twice stops at once."""

import signal
from types import FrameType

from lookbook.pipelines.terminal.progress import Reporter


def stop_after_step(reporter: Reporter) -> None:
    """Install the handler; `reporter` raises KeyboardInterrupt before its next step once Ctrl-C was pressed."""

    def handle(number: int, frame: FrameType | None) -> None:
        if reporter.stop_requested:
            signal.default_int_handler(number, frame)
        reporter.stop_requested = True
        reporter.say("stopping after this step; Ctrl-C again stops at once")

    signal.signal(signal.SIGINT, handle)
