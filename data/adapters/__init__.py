"""One file per data set. Its name on the command line is that of its file, with - for _."""

from pathlib import Path

NAMES = tuple(sorted(file.stem.replace("_", "-") for file in Path(__file__).parent.glob("[a-z]*.py")))
"""The names of all data sets, known without loading what reads them."""
