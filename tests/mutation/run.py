"""
How many small faults in the judgement do the tests find? `make mutants` runs this.

    python tests/mutation/run.py               plants each fault once, shows a table, and what was not found
    python tests/mutation/run.py --again       only faults in functions that changed since the last run
    python tests/mutation/run.py --report      the table of the last run

The faults are those of mutmut (settings: `[tool.mutmut]` in pyproject.toml), each in a process of its own. Some of them
change nothing that anybody could see; those stand in `equivalent.yaml` with the reason. The exit code is 1 if a module
has less than 85 % of its faults found, if more than 5 % are called equivalent, or if that list names one that was found
or no longer exists.
"""

from __future__ import annotations

import argparse
import collections
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import yaml
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import orig_function_and_class_names_from_key
from tabulate import tabulate

ROOT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.yaml")
FOUND = ("killed", "timeout")
LEAST_FOUND = 0.85
MOST_EQUIVALENT = 0.05


class Change(NamedTuple):
    """A fault as one would write it down: where, and which lines it replaces by which."""

    module: str
    function: str
    before: str
    after: str


class Mutant(NamedTuple):
    """A fault that was planted."""

    name: str
    module: str
    status: str

    def change(self) -> Change:
        """What it changed; lines without their indentation."""
        function, owner = orig_function_and_class_names_from_key(self.name)
        diff = get_diff_for_mutant(self.name, path=f"loganalyzer/{self.module}.py").splitlines()[2:]
        before, after = (_joined(line[1:] for line in diff if line.startswith(sign)) for sign in "-+")
        return Change(self.module, f"{owner}.{function}" if owner else function, before, after)


def _joined(lines: collections.abc.Iterable[str]) -> str:
    return " ".join(" ".join(lines).split())


def planted() -> list[Mutant]:
    """Every fault of the last run."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    found = []
    for path in map(Path, settings["only_mutate"]):
        data = SourceFileMutationData(path=path)
        data.load()
        found += [Mutant(name, path.stem, status_by_exit_code[code]) for name, code in data.exit_code_by_key.items()]
    return found


def equivalent() -> set[Change]:
    """The faults that change nothing."""
    return {
        Change(*(_joined([str(one[name])]) for name in Change._fields))
        for one in yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8")) or ()
    }


def report() -> list[str]:
    """Prints what was not found and the table; gives what is wrong with it."""
    everything, known = planted(), equivalent()
    missed = [(mutant.change(), mutant) for mutant in everything if mutant.status not in FOUND]
    faults = [
        f"equivalent.yaml names what was found or is not there: {' | '.join(change)}"
        for change in known.difference(change for change, _ in missed)
    ]
    rows = {name: collections.Counter[str]() for name in (*(mutant.module for mutant in everything), "together")}
    for mutant in everything:
        rows[mutant.module][mutant.status] += 1
    for change, mutant in missed:
        if change in known:
            rows[mutant.module].update({mutant.status: -1, "equivalent": 1})
        else:
            print(f"{mutant.status}: {mutant.name}\n    - {change.before}\n    + {change.after}")
    rows["together"] = sum(rows.values(), collections.Counter())
    table = []
    for module, row in rows.items():
        total, found, same = row.total(), row["killed"] + row["timeout"], row["equivalent"]
        table.append((module, total, row["killed"], row["timeout"], same, total - found - same, f"{found / total:.1%}"))
        if found < LEAST_FOUND * total:
            faults.append(f"{module}: {found / total:.1%} were found, {LEAST_FOUND:.0%} are needed")
        if same > MOST_EQUIVALENT * total:
            faults.append(f"{module}: {same} are called equivalent, at most {MOST_EQUIVALENT:.0%} may be")
    print(tabulate(table, headers=("module", "mutants", "killed", "timeouts", "equivalent", "survived", "score")))
    return faults


def main() -> int:
    """Runs mutmut and reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--again", action="store_true", help="keep what is known of functions that did not change")
    parser.add_argument("--report", action="store_true", help="run nothing")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    if not arguments.again and not arguments.report:
        shutil.rmtree(ROOT / "mutants", ignore_errors=True)
    if not arguments.report:
        mutmut = str(Path(sys.executable).with_name("mutmut"))
        command = [mutmut, "run", "--max-children", str(arguments.processes)]
        subprocess.run(command, cwd=ROOT, check=True)
    faults = report()
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
