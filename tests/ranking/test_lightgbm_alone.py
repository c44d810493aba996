"""LightGBM is imported without scikit-learn, which stays importable."""

import subprocess
import sys

SCRIPT = """
import sys
from lookbook.ranking.lightgbm_alone import lightgbm
assert lightgbm.Booster
assert not [name for name in sys.modules if name.split(".")[0] == "sklearn"], "scikit-learn came along"
import sklearn.decomposition
"""


def test_lightgbm_does_not_bring_scikit_learn_along_and_does_not_hide_it_for_good() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
