"""Where OpenClaw keeps its logs."""

from pathlib import Path

import pytest

from loganalyzer.sources import places


@pytest.fixture(autouse=True)
def no_other_logs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What this machine itself keeps does not count."""
    monkeypatch.setattr(places.tempfile, "gettempdir", lambda: str(tmp_path / "tmp"))


def found(env: dict[str, str], platform: str = "linux") -> list[Path]:
    return [path for path in places.existing(env, platform) if path != Path("/tmp/openclaw")]


def test_a_home_without_openclaw_has_no_logs(tmp_path: Path) -> None:
    assert found({"HOME": str(tmp_path)}) == []


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("openclaw.json", '{"logging": {"level": "debug", "file": "~/own/gw.log"}}'),
        ("openclaw.json", "// mine\n{logging: {file: '~/own/gw.log',},}"),
        ("openclaw.json", r'{"logging":{"file":"~\/own\/gw.log"}}'),
        ("clawdbot.json", '{"logging": {"file": "~/own/gw.log"}}'),
    ],
)
def test_the_file_named_in_the_configuration_comes_first(tmp_path: Path, name: str, config: str) -> None:
    """The configuration is JSON5, in the folder of today or of before February 2026."""
    state = tmp_path / (".clawdbot" if name == "clawdbot.json" else ".openclaw")
    for path, text in ((state / name, config), (tmp_path / "own" / "gw.log", ""), (state / "logs/gateway.log", "")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert found({"HOME": str(tmp_path)}) == [tmp_path / "own" / "gw.log", state / "logs" / "gateway.log"]


def test_the_variables_of_openclaw_are_respected(tmp_path: Path) -> None:
    (tmp_path / "state" / "logs").mkdir(parents=True)
    (tmp_path / "state" / "logs" / "gateway.err.log").touch()
    (tmp_path / "conf.json").write_text('{"logging": {"file": "/nowhere/x.log"}}', encoding="utf-8")
    env = {"HOME": "/none", "OPENCLAW_STATE_DIR": str(tmp_path / "state")}
    assert found(env) == [tmp_path / "state" / "logs" / "gateway.err.log"]
    looked = list(places.candidates(env | {"OPENCLAW_CONFIG_PATH": str(tmp_path / "conf.json")}, "linux"))
    assert looked[0] == Path("/nowhere/x.log")


def test_macos_keeps_the_output_of_the_service_in_the_library(tmp_path: Path) -> None:
    folder = tmp_path / "Library" / "Logs" / "openclaw"
    folder.mkdir(parents=True)
    assert found({"HOME": str(tmp_path)}, "darwin") == []
    (folder / "gateway.log").touch()
    assert found({"HOME": str(tmp_path)}, "darwin") == [folder]
    assert found({"HOME": str(tmp_path)}) == []


@pytest.mark.parametrize(
    "text", ['{"logging": {"level": "x"}, "other": {"file": "/a"}}', "", "\x00\xff", '{"logging":']
)
def test_a_configuration_without_a_log_file_names_none(tmp_path: Path, text: str) -> None:
    (tmp_path / ".openclaw").mkdir()
    (tmp_path / ".openclaw" / "openclaw.json").write_text(text, encoding="utf-8")
    (tmp_path / "a").touch()
    assert found({"HOME": str(tmp_path)}) == []
