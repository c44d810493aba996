"""Lines of a benchmark that takes long: on stdout, and with the time in a file."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path


def teller(log: Path) -> Callable[[str], None]:
    """A function that prints a line and adds it to `log`, with the time."""

    def tell(line: str) -> None:
        print(line, flush=True)
        with log.open("a") as file:
            file.write(f"{datetime.now().astimezone():%H:%M:%S} {line}\n")

    return tell
