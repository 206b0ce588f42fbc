"""
Puts the pages of the documentation site together, for zensical, which builds it (`make site`).

    python docs/pages.py            writes build/pages and build/mkdocs.yml

Enters: the README, the pages of docs/, and the pattern pack. Leaves: a folder of pages in which links between them
hold, and a page for each failure mode. What a page links to outside the site becomes the name of the file.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections import defaultdict
from pathlib import Path

import catalogue
import yaml

from loganalyzer import packs
from loganalyzer.packs.schema import FailureMode

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "build" / "pages"
SECTIONS: dict[str, list[str]] = {
    "": ["README.md"],
    "Tutorial": ["docs/tutorial.md"],
    "How to": [
        "docs/how-to.md",
        "docs/live.md",
        "docs/report.md",
        "docs/agents.md",
        "docs/deploy/README.md",
        "docs/patterns.md",
    ],
    "Reference": ["docs/cli.md", "docs/api.md", "docs/schema.md"],
    "Explanation": [
        *(
            "docs/architecture.md",
            "docs/coverage.md",
            "docs/performance.md",
            "docs/scale.md",
            "docs/testing.md",
            "docs/reliability.md",
            "docs/dependencies.md",
        ),
    ],
    "Project": ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"],
}
"""Every page of the site but those of the failure modes; a page of docs/ that is missing here is an error."""
ELSEWHERE = frozenset({"failure-modes.md"})
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?://|#|mailto:)([^)\s#]+)(#[^)\s]*)?\)")


def name_of(page: str) -> str:
    """Where a page of the project stands in the site."""
    named = page.removeprefix("docs/").removesuffix("/README.md").removesuffix(".md").lower()
    return "index.md" if named == "readme" else f"{named}.md"


def linked(text: str, page: Path, known: dict[Path, str], place: str) -> str:
    """A page with its links as they are in the site."""

    def link(match: re.Match[str]) -> str:
        label, target, anchor = match[1], match[2], match[3] or ""
        path = (page.parent / target).resolve()
        if path not in known:
            return f"`{label.strip('`')}`"
        return f"[{label}]({'../' * place.count('/')}{known[path]}{anchor})"

    return LINK.sub(link, text)


def mode_pages(modes: list[FailureMode]) -> dict[str, str]:
    """A page for each failure mode, by its place in the site."""
    return {f"modes/{mode.id}.md": "\n".join(catalogue.page(mode, 1)) + "\n" for mode in modes}


def overview(modes: list[FailureMode]) -> str:
    """The page that lists all failure modes."""
    areas: dict[str, list[FailureMode]] = defaultdict(list)
    for mode in modes:
        areas[catalogue.area(mode.id)].append(mode)
    lines = ["# Failure modes", "", f"{len(modes)} ways of failing, by area.", ""]
    for area, found in areas.items():
        lines += [f"## {area}", "", "| failure mode | what it means | severity |", "|---|---|---|"]
        lines += [f"| [{mode.id}](modes/{mode.id}.md) | {mode.title} | {mode.severity} |" for mode in found] + [""]
    return "\n".join(lines)


def main() -> None:
    """Writes all pages and the configuration."""
    pages = [page for section in SECTIONS.values() for page in section]
    missing = {path.name for path in (ROOT / "docs").glob("*.md")} - {Path(page).name for page in pages} - ELSEWHERE
    if missing:
        sys.exit(f"docs/pages.py: name these pages in SECTIONS: {', '.join(sorted(missing))}")
    modes = sorted(packs.load_dirs([packs.builtin_dir()]).modes.values(), key=lambda mode: mode.id)
    known = {(ROOT / page).resolve(): name_of(page) for page in pages}
    known[(ROOT / "docs" / "failure-modes.md").resolve()] = "failure-modes.md"
    shutil.rmtree(PAGES, ignore_errors=True)
    (PAGES / "modes").mkdir(parents=True)
    made = {name_of(page): linked((ROOT / page).read_text(encoding="utf-8"), ROOT / page, known, "") for page in pages}
    made["failure-modes.md"] = overview(modes)
    made |= {place: linked(text, ROOT / "docs" / "x.md", known, place) for place, text in mode_pages(modes).items()}
    for place, text in made.items():
        (PAGES / place).write_text(text, encoding="utf-8")
    nav: list[object] = ["index.md"]
    nav += [{title: [name_of(page) for page in found]} for title, found in SECTIONS.items() if title]
    by_area: dict[str, list[object]] = defaultdict(list)
    for mode in modes:
        by_area[catalogue.area(mode.id)].append({mode.id: f"modes/{mode.id}.md"})
    nav.insert(4, {"Failure modes": ["failure-modes.md", *({area: found} for area, found in by_area.items())]})
    text = (ROOT / "docs" / "mkdocs.yml").read_text(encoding="utf-8")
    (ROOT / "build" / "mkdocs.yml").write_text(
        text.replace("../build/", "") + yaml.safe_dump({"nav": nav}), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
