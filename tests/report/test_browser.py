"""The page in a browser: every chart is drawn, the console stays silent, it fits a phone, it prints."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from report.page import page

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((found for name in NAMES if (found := shutil.which(name))), None)
IN_CI = bool(os.environ.get("CI"))
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--v=0", "--virtual-time-budget=10000",
)  # fmt: skip
MEASURE = """<script>
setTimeout(() => { const whole = document.documentElement; whole.dataset.over = whole.scrollWidth - whole.clientWidth; }, 8000);
</script>"""

pytestmark = pytest.mark.skipif(BROWSER is None and not IN_CI, reason="needs Chromium: apt-get install chromium")


def opened(file: Path, profile: Path, *flags: str) -> tuple[str, list[str]]:
    """What the browser prints, and the lines of the console."""
    assert BROWSER is not None, f"none of {', '.join(NAMES)} is installed; .ci/run installs chromium"
    command = [BROWSER, *FLAGS, f"--user-data-dir={profile}", *flags, file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout, [line for line in done.stderr.splitlines() if ":CONSOLE" in line]


@pytest.fixture(scope="module")
def saved(pristine, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(page(pristine))
    return file


def test_every_chart_is_drawn_with_marks_and_the_console_stays_silent(saved, tmp_path):
    made, console = opened(saved, tmp_path, "--dump-dom")
    assert console == []
    charts = re.findall(r'<div class="chart.*?</figure>', made, re.DOTALL)
    assert len(charts) == saved.read_text().count('<div class="chart"') > 25
    assert f'data-drawn="{len(charts)}"' in made
    for chart in charts:
        drawn = chart[: chart.index("</svg>")]
        assert re.search(r'class="mark-(symbol|rect|line|rule)[^"]*role-mark', drawn), chart[:300]
        assert re.search(r'<(path|line)[^>]*aria-roledescription="[a-z ]*(bar|circle|point|rect|line|rule)', drawn), chart[:300]


def test_a_chart_that_fails_is_seen_on_the_console_and_on_the_page(pristine, tmp_path):
    broken = tmp_path / "broken.html"
    small = page({"run.json": pristine["run.json"]})
    assert small.count('"mark":{"type":"bar"') == 1
    broken.write_text(small.replace('"mark":{"type":"bar"', '"mark":{"type":"no such mark"'))
    made, console = opened(broken, tmp_path / "profile", "--dump-dom")
    assert console
    assert "This chart could not be drawn" in made


def test_the_page_is_no_wider_than_a_phone(saved, tmp_path):
    measured = saved.with_name("measured.html")
    without_policy = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", saved.read_text())
    measured.write_text(without_policy.replace("</body>", f"{MEASURE}</body>"))
    made, _ = opened(measured, tmp_path, "--dump-dom", "--window-size=400,900")
    assert 'data-over="0"' in made


def test_the_page_prints(saved, tmp_path):
    pdf = tmp_path / "report.pdf"
    opened(saved, tmp_path / "profile", f"--print-to-pdf={pdf}", "--no-pdf-header-footer")
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) > 5
