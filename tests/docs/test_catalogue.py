"""The generated catalogue: every mode with its runbook, every cause in a graph."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

from loganalyzer.packs import builtin_dir, load_dirs
from loganalyzer.packs.schema import Pack

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS))

from catalogue import area, catalogue, proximate  # noqa: E402 - a script of the documentation, no package


@cache
def builtin() -> Pack:
    return load_dirs([builtin_dir()])


def below(name: str, links: dict[str, set[str]]) -> set[str]:
    """Everything that a mode leads to."""
    found: set[str] = set()
    todo = [name]
    while todo:
        for other in links.get(todo.pop(), set()) - found:
            found.add(other)
            todo.append(other)
    return found


def test_the_drawn_links_lead_as_far_as_all_links() -> None:
    """What is left out of the graph follows from what is drawn, and nothing is drawn that no mode says."""
    said = {mode.id: set(mode.explains) for mode in builtin().modes.values()}
    drawn: dict[str, set[str]] = {}
    for cause, effect in proximate(builtin()):
        assert effect in said[cause]
        drawn.setdefault(cause, set()).add(effect)
    for name in said:
        assert below(name, drawn) == below(name, said)
        assert name not in below(name, drawn)


def test_every_mode_has_its_runbook() -> None:
    """Heading, meaning, cause, recognition, steps and references, in the area that its id names."""
    page = catalogue(builtin())
    for mode in builtin().modes.values():
        _, _, section = page.partition(f"\n### {mode.id}\n")
        section = section.partition("\n### ")[0]
        for part in ("**Cause.**", "**Recognised by", "**What to do**", "\n1. ", "**References**", "```text"):
            assert part in section, (mode.id, part)
        assert page.index(f"\n## Area: {area(mode.id)}\n") < page.index(f"\n### {mode.id}\n")


def test_graphs_are_whole() -> None:
    """Every node of an arrow has a name that Mermaid reads, and a mode that is drawn has its label."""
    graphs = re.findall(r"```mermaid\nflowchart LR\n(.*?)```", catalogue(builtin()), re.DOTALL)
    assert len(graphs) > 5
    for graph in graphs[1:]:
        labels = set(re.findall(r'(?m)^    (\w+)\["[\w.-]+"\]$', graph))
        arrows = re.findall(r"(?m)^    (\w+) (?:-->|-\.->) (\w+)(?:\(\[\w+: \d+\]\))?$", graph)
        assert len(labels) + len(arrows) == len(graph.splitlines())
        assert {node for arrow in arrows for node in arrow if not node.endswith("_area")} == labels


def test_text_of_packs_is_no_markup() -> None:
    """Outside of code and links to references no `<` of a pack can start HTML."""
    page = re.sub(r"```.*?```|``.*?``|`[^`\n]*`|<https?://[^>\s]*>", "", catalogue(builtin()), flags=re.DOTALL)
    assert re.findall(r"<\w+", page) == []
