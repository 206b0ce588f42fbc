"""The pages of the documentation site; `make site` builds them and fails on a broken link."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import pages  # noqa: E402

from loganalyzer import packs  # noqa: E402


def test_links_are_those_of_the_site_or_names() -> None:
    """A page that is in the site is linked where it stands there; a file that is not is named."""
    known = {ROOT / "docs" / "patterns.md": "patterns.md", ROOT / "README.md": "index.md"}
    text = "[a](docs/patterns.md#x) [b](sample_logs/README.md) [c](https://x.org/y.md) [d](#here) ![e](x.png)"
    told = pages.linked(text, ROOT / "README.md", known, "")
    assert told == "[a](patterns.md#x) `b` [c](https://x.org/y.md) [d](#here) ![e](x.png)"
    assert pages.linked("[r](../README.md)", ROOT / "docs/x.md", known, "modes/x.md") == "[r](../index.md)"


def test_every_failure_mode_has_a_page_and_is_in_the_overview() -> None:
    """As a page of its own, with its runbook."""
    modes = sorted(packs.load(()).modes.values(), key=lambda mode: mode.id)
    made = pages.mode_pages(modes)
    overview = pages.overview(modes)
    for mode in modes:
        assert made[f"modes/{mode.id}.md"].startswith(f"# {mode.id}\n")
        assert f"(modes/{mode.id}.md)" in overview
