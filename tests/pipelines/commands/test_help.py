"""The command as a process: help at once, exit codes, errors that say what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOOKBOOK = Path(sys.executable).with_name("lookbook")
RUNS = (["runs"], ["runs", "list"], ["runs", "compare"], ["runs", "remove"])
INSPECT = (["ablate"], ["explain"], ["leaderboard"], ["data", "profile"], ["report"], *RUNS)
COMMANDS = ([], ["run"], ["recommend"], ["data"], ["data", "check"], ["data", "simulate"], ["data", "twin"], ["doctor"], *INSPECT)


def lookbook(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LOOKBOOK, *arguments], capture_output=True, text=True, cwd=cwd, check=False, timeout=120)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_names_the_command_and_loads_none_of_the_heavy_libraries(command: list[str]) -> None:
    found = lookbook(*command, "--help")
    assert found.returncode == 0
    assert "Usage: lookbook" in found.stdout
    script = (
        "import sys; sys.argv[1:] = {argv!r}\n"
        "from lookbook.pipelines.commands.main import app\n"
        "app({argv!r}, result_action='return_value', exit_on_error=False)\n"
        "heavy = {{'polars', 'numpy', 'lightgbm', 'tensorflow', 'keras', 'faiss', 'pydantic'}} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    ).format(argv=[*command, "--help"])
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=60)


def test_help_answers_in_under_half_a_second_of_processor_time() -> None:
    import resource

    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    best = float("inf")
    for _ in range(5):
        before = spent()
        lookbook("run", "--help")
        best = min(best, spent() - before)
    assert best < 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--dataset", "hn"], "hn"),
        (["run", "--no-such-flag"], "--no-such-flag"),
        (["rnu"], "rnu"),
        (["run", "--drop", "mfx"], "unknown source 'mfx'; known: repurchase"),
        (["run", "--seed", "-1"], "run.seed = -1"),
        (["run", "--preset", "fast"], "fast"),
        (["run", "--sample", "0"], "setting data: sample 0.0; allowed: more than 0, up to 1"),
        (["explain", "--sample", "1.5"], "setting data: sample 1.5; allowed: more than 0, up to 1"),
        (["run", "--threads", "-1"], "run.threads = -1"),
        (["run", "--config", "nowhere.toml"], "nowhere.toml"),
        (["leaderboard", "--only", "svd"], "--only: unknown method 'svd'; known: repurchase"),
        (["ablate", "--mode", "single"], "--mode: unknown 'single'; known: leave-one-out, alone, greedy, features"),
    ],
)
def test_wrong_usage_ends_with_exit_code_2_and_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    found = lookbook(*arguments, cwd=tmp_path)
    assert found.returncode == 2, found.stderr
    assert message in found.stderr
    assert len(found.stderr.splitlines()) == 1


def test_recommending_from_a_run_that_is_not_there_ends_with_exit_code_4(tmp_path: Path) -> None:
    for name in ("latest", "../../etc", "x" * 300):
        found = lookbook("recommend", "--run", name, cwd=tmp_path)
        assert found.returncode == 4, found.stderr
        assert "Traceback" not in found.stderr


def test_a_gpu_that_is_asked_for_but_absent_ends_with_exit_code_5(tmp_path: Path) -> None:
    if Path("/dev/nvidia0").exists():
        pytest.skip("this machine has a GPU")
    found = lookbook("run", "--device", "gpu", cwd=tmp_path)
    assert found.returncode == 5
    assert "device = gpu, but" in found.stderr


def test_a_folder_in_use_by_another_process_ends_with_exit_code_7(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", "from pathlib import Path; from lookbook.pipelines.machine.lock import locked; import time\n"
         "with locked(Path('artifacts')): print('held', flush=True); time.sleep(60)"],
        cwd=tmp_path, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        found = lookbook("run", cwd=tmp_path)
    finally:
        holder.kill()
        holder.communicate()
    assert found.returncode == 7
    assert "in use by another lookbook process" in found.stderr


def test_a_run_and_other_settings_at_once_are_refused(tmp_path: Path) -> None:
    for command in ("ablate", "explain", "leaderboard", "report"):
        found = lookbook(command, "--run", "latest", "--drop", "popularity", cwd=tmp_path)
        assert found.returncode == 2
        assert "leave out --run, or the other choices" in found.stderr


@pytest.mark.parametrize(("config", "expected"), [(None, 1), ("[run]\nthreads = 1\n", 0)])
def test_the_thread_limit_of_a_run_is_set_before_polars_is_imported(tmp_path: Path, config: str | None, expected: int) -> None:
    folder = tmp_path / "artifacts" / "runs" / "latest"
    folder.mkdir(parents=True)
    if config:
        (folder / "config.resolved.toml").write_text(config)
    script = (
        "import os, sys\n"
        "from lookbook.pipelines.commands.options import NO_CHOICE\n"
        "from pathlib import Path\n"
        "NO_CHOICE.settings_or_those_of(None, Path('artifacts'))\n"
        "assert 'polars' not in sys.modules\n"
        "sys.exit(os.environ.get('POLARS_MAX_THREADS') != '1')\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "POLARS_MAX_THREADS"}
    assert subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, check=False).returncode == expected
