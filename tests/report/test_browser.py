"""The page in a browser: every chart is drawn, the console stays silent, it fits a phone, it prints."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((found for name in NAMES if (found := shutil.which(name))), None)
IN_CI = bool(os.environ.get("CI"))
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--v=0", "--virtual-time-budget=10000",
)  # fmt: skip
PHONE = """<iframe src="measured.html" width="390" height="844"></iframe><script>
addEventListener("message", (event) => { document.body.textContent = JSON.stringify(event.data); });
</script>"""
"""A frame, because no window is narrower than 500 pixels."""
MEASURE = """<script>
setTimeout(() => {
  const whole = document.documentElement, charts = [...document.querySelectorAll(".chart")];
  const drawn = charts.filter((chart) => chart.querySelector("svg path")).length;
  const failed = charts.filter((chart) => chart.textContent.startsWith("This chart could not be drawn")).length;
  const over = whole.scrollWidth - whole.clientWidth, outside = [], touching = [];
  for (const chart of charts) {
    const page = chart.getBoundingClientRect();
    for (const text of chart.querySelectorAll("svg text")) {
      const place = text.getBoundingClientRect();
      const shown = place.width > 0 && getComputedStyle(text).opacity > 0;
      if (shown && (place.left < page.left - 1 || place.right > page.right + 1)) outside.push(text.textContent);
    }
    for (const axis of chart.querySelectorAll(".role-axis-label")) {
      const flat = [...axis.querySelectorAll("text")].filter((text) => text.getAttribute("opacity") !== "0" && text.textContent);
      const places = flat.map((text) => text.getBoundingClientRect());
      places.slice(1).forEach((place, at) => {
        const before = places[at], level = Math.abs(place.top - before.top) < 2;
        if (level && place.left < before.right + 3) touching.push(flat[at].textContent + "|" + flat[at + 1].textContent);
      });
    }
  }
  parent.postMessage({ wide: innerWidth, over, drawn, failed, outside, touching }, "*");
}, 8000);
</script>"""

pytestmark = pytest.mark.skipif(BROWSER is None and not IN_CI, reason="needs Chromium: apt-get install chromium")


def opened(file: Path, profile: Path, *flags: str) -> tuple[str, list[str]]:
    """What the browser prints, and the lines of the console."""
    assert BROWSER is not None, f"none of {', '.join(NAMES)} is installed; .ci/run installs chromium"
    command = [BROWSER, *FLAGS, f"--user-data-dir={profile}", *flags, file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout, [line for line in done.stderr.splitlines() if ":CONSOLE" in line]


def test_every_chart_is_drawn_the_console_stays_silent_and_the_page_prints(text, tmp_path):
    file, pdf = tmp_path / "report.html", tmp_path / "report.pdf"
    file.write_text(text)
    made, console = opened(file, tmp_path / "profile", "--dump-dom", f"--print-to-pdf={pdf}", "--no-pdf-header-footer")
    assert console == []
    charts = re.findall(r'<div class="chart.*?</figure>', made, re.DOTALL)
    assert len(charts) == text.count('<div class="chart"') > 25
    assert f'data-drawn="{len(charts)}"' in made
    for chart in charts:
        drawn = chart[: chart.index("</svg>")]
        assert re.search(r'class="mark-(symbol|rect|line|rule)[^"]*role-mark', drawn), chart[:300]
        assert re.search(r'<(path|line)[^>]*aria-roledescription="[a-z ]*(bar|circle|point|rect|line|rule)', drawn), chart[:300]
    assert pdf.read_bytes().startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())) > 5


def test_on_a_phone_the_page_is_no_wider_no_label_is_cut_or_touches_another_and_a_chart_that_fails_is_seen(text, tmp_path):
    without_policy = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    one_fails = without_policy.replace('"mark":{"type":"bar"', '"mark":{"type":"no such mark"', 1)
    before, end, after = one_fails.rpartition("</body>")
    (tmp_path / "measured.html").write_text(f"{before}{MEASURE}{end}{after}")
    (tmp_path / "phone.html").write_text(PHONE)
    made, console = opened(tmp_path / "phone.html", tmp_path / "profile", "--dump-dom")
    measured = json.loads(re.sub(r"<[^>]*>", "", made))
    charts = text.count('<div class="chart"')
    assert measured == {"wide": 390, "over": 0, "drawn": charts - 1, "failed": 1, "outside": [], "touching": []}
    assert len(console) == 1
