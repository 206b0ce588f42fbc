"""What `docs/deploy` offers fits the program: options, names of metrics, and a unit that runs."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from incidents import step

from loganalyzer.channels import State
from loganalyzer.metrics import Figures
from loganalyzer.model import Accounting, Severity
from loganalyzer.notify import Deliveries
from loganalyzer.testing import START_NS, make_event

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
ADDED = {"instance", "job"}
"""Labels that Prometheus puts on every series."""
LOGGED_OUT = (
    "2026-11-20T11:52:21.000+00:00 [whatsapp] WhatsApp session logged out. "
    "Run `openclaw channels login --channel web` to relink."
)
FOREIGN = {"up": set[str](), "process_resident_memory_bytes": set[str]()}
SELECTED = re.compile(r"\b((?:loganalyzer_|process_)\w+|up)\b(?:\{([^}]*)\})?")


def exported() -> dict[str, dict[str, set[str]]]:
    """Every metric with its labels and their values, of figures that have seen something of everything."""
    figures = Figures()
    figures.event(make_event("channel.connected", 0, channel="whatsapp"))
    for kind in ("opened", "resolved"):
        figures.take([step(kind, "gateway.oom")], Accounting(), None)
    for severity in Severity:
        opened = step("opened", "gateway.oom", id=severity.label, severity=severity)
        effect = step("opened", "gateway.down", id=f"{severity.label} of it", caused_by=severity.label)
        figures.take([opened, effect], Accounting(bytes=1, records={"console": 1}), START_NS)
    figures.deliveries = lambda: Deliveries(1, 1, 1, 1, 1)
    found: dict[str, dict[str, set[str]]] = {}
    for family in figures.collect():
        for one in family.samples:
            labels = found.setdefault(one.name, {})
            for name, value in one.labels.items():
                labels.setdefault(name, set()).add(value)
    return found


def dashboard() -> dict[str, Any]:
    return json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def strings(value: Any, key: str) -> Iterator[str]:
    """Every text under a key, however deep."""
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if name == key and isinstance(inner, str):
            yield inner
        elif isinstance(inner, dict | list):
            yield from strings(inner, key)


def queries() -> list[str]:
    rules = yaml.safe_load((DEPLOY / "alerts.yaml").read_text(encoding="utf-8"))
    return [*strings(dashboard(), "expr"), *strings(rules, "expr")]


def test_dashboard_and_alerts_ask_for_what_is_exported() -> None:
    """Names of metrics, labels, and values of labels."""
    known = exported()
    asked = [found for query in queries() for found in SELECTED.finditer(query)]
    assert len(asked) > 20
    for found in asked:
        name, selectors = found[1], found[2] or ""
        assert name in known or name in FOREIGN, name
        for label, value in re.findall(r'(\w+)=~?"([^"]*)"', selectors):
            assert label in ADDED or label in known[name], (name, label)
            if label not in ADDED:
                assert set(value.split("|")) <= known[name][label], (name, label, value)
    for grouped in re.findall(r"by \(([^)]*)\)", " ".join(queries())):
        labels = {label for one in known.values() for label in one} | ADDED
        assert {label.strip() for label in grouped.split(",")} <= labels, grouped
    assert {state.value for state in State} <= known["loganalyzer_channel_accounts"]["state"]


def test_the_dashboard_has_panels_that_do_not_overlap_and_a_data_source_to_choose() -> None:
    found = dashboard()
    assert [one["name"] for one in found["templating"]["list"]] == ["datasource", "instance"]
    assert len({panel["id"] for panel in found["panels"]}) == len(found["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in found["panels"]:
        assert panel["description"].endswith("."), panel["title"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Prometheus")
def test_alerts_stand_when_they_should() -> None:
    for words in (["check", "rules", DEPLOY / "alerts.yaml"], ["test", "rules", "tests/docs/data/alerts_test.yaml"]):
        done = subprocess.run(["promtool", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def unit() -> list[tuple[str, str]]:
    """The settings of the unit; one may come more than once."""
    text = (DEPLOY / "loganalyzer.service").read_text(encoding="utf-8")
    text = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    return [(key, value) for key, _, value in (line.partition("=") for line in text.splitlines()) if value]


def test_the_unit_runs_and_ends_with_its_journal(tmp_path: Path) -> None:
    """Its command with another `journalctl` and this program: what the journal says is diagnosed; its end is the end."""
    [command] = [value for key, value in unit() if key == "ExecStart"]
    entry = {"__REALTIME_TIMESTAMP": "1795175541000000", "MESSAGE": LOGGED_OUT, "SYSLOG_IDENTIFIER": "node"}
    (tmp_path / "journal").write_text(json.dumps(entry) + "\n", encoding="utf-8")
    journalctl = tmp_path / "journalctl"
    journalctl.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$*" > {tmp_path}/asked\ncat {tmp_path}/journal\n', encoding="utf-8"
    )
    journalctl.chmod(0o755)
    words = shlex.split(command.replace("/opt/loganalyzer/bin/loganalyzer", f"{sys.executable} -m loganalyzer"))
    words[-1] = words[-1].replace("127.0.0.1:9464", "127.0.0.1:0")
    assert words[:2] == ["/bin/bash", "-c"]
    settings = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(words, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    modes = {json.loads(line)["incident"]["failure_mode"] for line in done.stdout.splitlines()}
    assert "whatsapp.logged-out" in modes, done.stderr
    asked = (tmp_path / "asked").read_text(encoding="utf-8")
    assert "--follow" in asked
    assert "_SYSTEMD_USER_UNIT=openclaw-gateway.service + USER_UNIT=openclaw-gateway.service" in asked
    assert "Metrics: http://127.0.0.1:" in done.stderr


def test_the_unit_gives_up_what_it_does_not_need() -> None:
    settings = dict(unit())
    for name in ("DynamicUser", "NoNewPrivileges", "PrivateDevices", "PrivateTmp", "ProtectHome", "RestrictNamespaces"):
        assert settings[name] == "yes"
    assert settings["ProtectSystem"] == "strict"
    assert not any("LOGANALYZER_NOTIFY" in value for key, value in unit()), "a URL in a unit can be read by everybody"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="not a system with systemd")
def test_systemd_finds_no_fault_with_the_unit() -> None:
    path = DEPLOY / "loganalyzer.service"
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_image_is_not_root_and_its_command_is_one_of_the_program(cli: Any) -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    steps = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    last = steps[max(index for index, one in enumerate(steps) if one.startswith("FROM ")) :]
    assert any(re.fullmatch(r"USER [1-9]\d*", one) for one in last)
    words = {
        kind: json.loads(one.split(" ", 1)[1]) for one in last for kind in ("ENTRYPOINT", "CMD") if one.startswith(kind)
    }
    assert words["ENTRYPOINT"] == ["loganalyzer"]
    command = [word.replace(":9464", ":0").replace("0.0.0.0", "127.0.0.1") for word in words["CMD"]]
    assert cli(*command, input=b"").returncode == 0


def test_the_image_gets_all_that_the_wheel_is_made_of() -> None:
    """Files that the build reads are not among those that are ignored."""
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    needed = {"loganalyzer", "patterns", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE"}
    assert needed <= kept
    assert all((ROOT / name).exists() for name in kept)
