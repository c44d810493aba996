"""Stage tables on disk: reused when nothing changed, never half written, damage found."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.pipelines.errors import ArtifactError
from lookbook.pipelines.stages import digest as stages_digest
from lookbook.pipelines.stages.artifacts import Artifacts, Stage, verify, write_tables
from lookbook.pipelines.stages.digest import code_digest, digest
from lookbook.pipelines.terminal.progress import Reporter

TABLE = pl.DataFrame({"article": [1, 2, 3]})


class Counted:
    """A build that counts how often it ran."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, folder: Path) -> None:
        self.times += 1
        write_tables(folder, {"table": TABLE.lazy()})


def opened(root: Path, *, fresh: bool = False) -> Artifacts:
    return Artifacts(root, Reporter("quiet"), fresh)


def stage(artifacts: Artifacts, build: Counted, **key: object) -> Stage:
    return artifacts.stage("merge", "a week", key=key, build=build)


def test_a_stage_is_computed_once_and_then_reused_by_the_next_run(tmp_path: Path) -> None:
    build = Counted()
    first = stage(opened(tmp_path), build, k=1)
    again = stage(opened(tmp_path), build, k=1)
    assert (first.reused, again.reused, build.times) == (False, True, 1)
    assert first.key == again.key
    assert_frame_equal(again.table("table").collect(), TABLE)


def test_a_stage_of_a_version_that_did_not_measure_memory_is_reused(tmp_path: Path) -> None:
    build = Counted()
    manifest = stage(opened(tmp_path), build).folder / "MANIFEST.json"
    manifest.write_text(re.sub(r' "peak_memory_mb": [0-9]+,\n', "", manifest.read_text()))
    assert "peak_memory_mb" not in manifest.read_text()
    again = stage(opened(tmp_path), build)
    assert (again.reused, again.peak_memory_mb) == (True, 0)


def test_another_key_is_another_stage(tmp_path: Path) -> None:
    build = Counted()
    keys = {stage(opened(tmp_path), build, k=k).key for k in (1, 2)}
    assert len(keys) == build.times == 2


def test_fresh_computes_again_but_only_once_per_run(tmp_path: Path) -> None:
    build = Counted()
    stage(opened(tmp_path), build, k=1)
    run = opened(tmp_path, fresh=True)
    stage(run, build, k=1)
    stage(run, build, k=1)
    assert build.times == 2


def test_a_build_that_dies_leaves_nothing_that_a_later_run_would_use(tmp_path: Path) -> None:
    def dies(folder: Path) -> None:
        write_tables(folder, {"table": TABLE.lazy()})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        opened(tmp_path).stage("merge", "a week", key={"k": 1}, build=dies)
    assert not list((tmp_path / "merge").iterdir())
    assert not stage(opened(tmp_path), Counted(), k=1).reused


@pytest.mark.parametrize("damage", ["flip a bit", "cut", "delete"])
def test_a_damaged_stage_table_is_refused(tmp_path: Path, damage: str) -> None:
    file = stage(opened(tmp_path), Counted(), k=1).folder / "table.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "flip a bit":
        file.write_bytes(content)
    elif damage == "cut":
        file.write_bytes(content[:-10])
    else:
        file.unlink()
    with pytest.raises(ArtifactError, match=r"table\.parquet"):
        stage(opened(tmp_path), Counted(), k=1)


def test_a_damaged_manifest_is_refused(tmp_path: Path) -> None:
    manifest = stage(opened(tmp_path), Counted(), k=1).folder / "MANIFEST.json"
    manifest.write_text(manifest.read_text()[:20])
    with pytest.raises(ArtifactError, match="damaged"):
        verify(manifest.parent)


def test_the_order_of_a_key_does_not_matter_but_its_values_do() -> None:
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"a": 1, "b": [1, 2]}) != digest({"a": 1, "b": [2, 1]})


def code_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **modules: str) -> str:
    """The code digest of evaluation.outer in a package of these modules."""
    package = tmp_path / "lookbook" / "evaluation"
    package.mkdir(parents=True, exist_ok=True)
    for file in (package.parent / "__init__.py", package / "__init__.py"):
        file.touch()
    for name, source in modules.items():
        (package / f"{name}.py").write_text(source)
    monkeypatch.setattr("lookbook.pipelines.stages.digest.find_spec", _finder(tmp_path))
    return str(code_digest.__wrapped__("lookbook.evaluation.outer"))


def test_the_code_digest_follows_imports_even_inside_functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outer = "def f():\n    from lookbook.evaluation.inner import g\n    return g()\n"
    before = code_of(tmp_path, monkeypatch, outer=outer, inner="def g():\n    return 1\n")
    assert code_of(tmp_path, monkeypatch, outer=outer, inner="def g():\n    return 2\n") != before


def test_comments_docstrings_and_layout_are_not_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = code_of(tmp_path, monkeypatch, outer='"""A."""\ndef f():\n    """B."""\n    return "text", 1\n')
    told = '"""Another."""\n\n\ndef f():  # why\n    """Longer\n\n    than before."""\n\n    return (\n        "text", 1)\n'
    assert code_of(tmp_path, monkeypatch, outer=told) == bare
    assert code_of(tmp_path, monkeypatch, outer='"""A."""\ndef f():\n    """B."""\n    return "other", 1\n') != bare


@pytest.mark.parametrize(
    "outer",
    [
        "from lookbook.evaluation.renamed import g",
        "import lookbook.evaluation.renamed",
        "from lookbook.evaluation.gone.deep import g",
    ],
)
def test_a_module_that_is_not_there_has_no_code_digest(outer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="no such module"):
        code_of(tmp_path, monkeypatch, outer=outer)
    with pytest.raises(ValueError, match=r"evaluation\.nowhere'"):
        code_digest.__wrapped__("lookbook.evaluation.nowhere")


def test_the_code_of_a_run_is_that_of_the_packages_the_steps_and_what_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("data", "retrieval", "features", "ranking", "evaluation", "pipelines"):
        shutil.copytree(Path(stages_digest.__file__).parents[2] / package, tmp_path / package)
    monkeypatch.setattr(stages_digest, "__file__", str(tmp_path / "pipelines" / "stages" / "digest.py"))

    def now() -> str:
        return str(stages_digest.written_by.__wrapped__("lookbook.pipelines.runs.written"))

    seen = [now()]
    for name in ("retrieval/sources/popularity", "pipelines/stages/rank", "pipelines/runs/written"):
        file = tmp_path / f"{name}.py"
        file.write_text(file.read_text() + "\n\n# a remark\n")
        assert now() == seen[-1]
        file.write_text(file.read_text() + "\n\nMORE = 1\n")
        seen.append(now())
    assert len(set(seen)) == 4
    other = tmp_path / "pipelines" / "runs" / "display.py"
    other.write_text(other.read_text() + "\n\nMORE = 1\n")
    assert now() == seen[-1]


def test_the_code_digest_loads_none_of_the_heavy_libraries() -> None:
    script = (
        "import sys; from lookbook.pipelines.stages.digest import code_digest; from lookbook.retrieval.registry import SOURCES\n"
        "for source in SOURCES.values(): code_digest(source.__module__)\n"
        "heavy = {'tensorflow', 'keras', 'lightgbm', 'faiss'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def _finder(root: Path):  # type: ignore[no-untyped-def]
    from importlib.machinery import PathFinder

    def find(name: str):  # type: ignore[no-untyped-def]
        *parents, last = name.split(".")
        return PathFinder.find_spec(last, [str(root.joinpath(*parents))])

    return find
