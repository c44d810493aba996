"""Having the disk hold what was written, so that a rename after it never shows half of it.

Input: a file or folder. Output: none.
"""

import os
from pathlib import Path


def flush(path: Path) -> None:
    """Wait until the disk holds the file, or the names in the folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
