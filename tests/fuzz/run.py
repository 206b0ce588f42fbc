"""
Searches for inputs that break an invariant, with Atheris (coverage-guided, libFuzzer).

    python tests/fuzz/run.py                       every target, 60 seconds each
    python tests/fuzz/run.py framing --seconds 600
    python tests/fuzz/run.py --keep                also minimise what was found into tests/fuzz/corpus

Inputs that add coverage stay in a cache folder, so that the next search goes on from there. An input that fails, takes
longer than two seconds or too much memory ends the search of its target: it is written to `--crashes`, and the exit
code is 1. `test_fuzz_corpus.py` runs the kept inputs as ordinary tests, without Atheris.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
KEPT = HERE / "corpus"
LONGEST_S = 2
"""An input that takes longer is a finding [s]."""
MEMORY_MIB = 2048
KEPT_BYTES = 18_000
"""Of each target, smallest inputs first."""
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]


def search(name: str, program: str, arguments: Sequence[str]) -> None:
    """One target in this process, which libFuzzer ends. `program` is what it runs to begin anew."""
    import atheris

    with atheris.instrument_imports(include=["loganalyzer"]):
        from fuzz_targets import TARGETS

    atheris.Setup([program, *arguments], TARGETS[name].check)
    atheris.Fuzz()


def prepare(name: str, longest: int, corpus: Path, dictionary: Path) -> None:
    """Writes the seeds of a target and the dictionary, if they are not there yet."""
    from fuzz_seeds import seeds, words

    if not corpus.exists():
        corpus.mkdir(parents=True)
        for number, data in enumerate(seeds(name, longest)):
            (corpus / f"seed-{number:04}").write_bytes(data)
    if not dictionary.exists():
        dictionary.write_text("\n".join(words()) + "\n", encoding="ascii")


def call(name: str, arguments: Sequence[str], log: Path) -> int:
    """A search in a process of its own; what it says goes into a file."""
    with tempfile.TemporaryDirectory() as folder, log.open("wb") as file:
        program = Path(folder) / name
        words = shlex.join([sys.executable, __file__, "--child", name, str(program)])
        program.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
        program.chmod(0o700)
        return subprocess.run([program, *arguments], stdout=file, stderr=file, check=False).returncode


def figure(text: str, name: str) -> int:
    """One of the statistics at the end of a search; the last thing it told where it was ended."""
    found = re.findall(rf"{name}:? +(\d+)", text)
    return int(found[-1]) if found else 0


def keep(name: str, longest: int, corpus: Path, log: Path) -> None:
    """The smallest set of inputs that reaches what all of them reach, into the repository."""
    target = KEPT / name
    with tempfile.TemporaryDirectory() as merged:
        call(name, ["-merge=1", f"-max_len={longest}", merged, str(target), str(corpus)], log)
        target.mkdir(parents=True, exist_ok=True)
        for old in target.iterdir():
            old.unlink()
        size = 0
        for path in sorted(Path(merged).iterdir(), key=lambda path: (path.stat().st_size, path.name)):
            size += path.stat().st_size
            if size > KEPT_BYTES:
                break
            (target / path.name[:12]).write_bytes(path.read_bytes())


def main() -> int:
    """The command line."""
    if sys.argv[1:2] == ["--child"]:
        search(sys.argv[2], sys.argv[3], sys.argv[4:])
    from fuzz_targets import TARGETS

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "loganalyzer-fuzz"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", choices=["all", *TARGETS], default="all", metavar="TARGET")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument(
        "--longest", type=int, default=LONGEST_S, help="what one input may take [s]; more on a busy machine"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the search; 0 for another one each time")
    parser.add_argument("--corpus", type=Path, default=cache, help="where inputs that add coverage stay")
    parser.add_argument("--crashes", type=Path, default=Path("build/fuzz"), help="where failing inputs and logs go")
    parser.add_argument("--keep", action="store_true", help="minimise into the repository")
    given = parser.parse_args()
    given.crashes.mkdir(parents=True, exist_ok=True)
    failed = []
    for name in TARGETS if "all" in given.targets else given.targets:
        target, corpus, log = TARGETS[name], given.corpus / name, given.crashes / f"{name}.log"
        prepare(name, target.longest, corpus, given.corpus / "words.dict")
        options = [
            f"-max_total_time={given.seconds}", f"-timeout={given.longest}", f"-rss_limit_mb={MEMORY_MIB}",
            f"-seed={given.seed}", f"-max_len={target.longest}", f"-dict={given.corpus / 'words.dict'}", "-print_final_stats=1",
            f"-artifact_prefix={given.crashes}/{name}-", str(corpus), str(KEPT / name),
        ]  # fmt: skip
        (KEPT / name).mkdir(parents=True, exist_ok=True)
        status = call(name, options, log)
        said = log.read_text(encoding="utf-8", errors="replace")
        runs, edges = figure(said, "number_of_executed_units"), figure(said, "cov")
        print(f"{name}: {runs:,} inputs, {edges} edges: {f'failed, see {log}' if status else 'ok'}", flush=True)
        if status:
            failed.append(name)
        elif given.keep:
            keep(name, target.longest, corpus, log.with_suffix(".keep.log"))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
