"""Names of subsystems."""

from __future__ import annotations

import pytest

from loganalyzer.subsystems import channel_of, display, is_known, is_label


@pytest.mark.parametrize(
    ("expected", "subsystem"),
    [
        ("whatsapp", "gateway/channels/whatsapp/inbound"),
        ("whatsapp", "channels/whatsapp"),
        ("whatsapp", "whatsapp"),
        ("telegram", "telegram/network"),
        ("health-monitor", "gateway/health-monitor"),
        ("ws", "gateway/ws"),
        ("gateway", "gateway"),
        ("gateway/channels", "gateway/channels"),
        ("channels", "channels"),
        ("agent/embedded", "agent/embedded"),
        ("message/send", "channels/message/send"),
        ("c/d", "a/b/c/d"),
        ("model-fallback/decision", "model-fallback/decision"),
        ("nextcloud-talk", "channels/nextcloud-talk"),
        ("web-reconnect", "web-reconnect"),
        ("msteams:send", "msteams:send"),
        ("kernel", "kernel"),
        ("systemd", "systemd"),
    ],
)
def test_display(expected: str, subsystem: str) -> None:
    """A subsystem is shown as the console shows it, whatever surface it was read from."""
    assert expected == display(subsystem)


@pytest.mark.parametrize("name", ["gateway/channels/whatsapp", "state/sqlite", "ws", "gateway", "channels"])
def test_display_of_a_display_name(name: str) -> None:
    """Showing a display name again changes nothing, so file and console names compare equal."""
    assert display(name) == display(display(name))


@pytest.mark.parametrize(
    ("expected", "subsystem"),
    [
        ("whatsapp", "gateway/channels/whatsapp/outbound"),
        ("whatsapp", "web-reconnect"),
        ("whatsapp", "web-auto-reply"),
        ("whatsapp", "baileys"),
        ("telegram", "telegram-auto-reply"),
        ("telegram", "telegram/diagnostic"),
        ("matrix", "matrix-auto-reply"),
        ("matrix", "matrix-storage"),
        ("discord", "discord-auto-reply"),
        ("msteams", "msteams"),
        ("msteams", "msteams:send"),
        ("slack", "slack"),
        ("signal", "channels/signal"),
        ("imessage", "gateway/channels/imessage"),
        (None, "gateway/ws"),
        (None, "hooks:loader"),
        (None, "web-fetch"),
        (None, "signal-handler"),
        (None, ""),
        (None, None),
    ],
)
def test_channel_of(expected: str | None, subsystem: str | None) -> None:
    """The channel of a subsystem or module is known by its name; other names have none."""
    assert expected == channel_of(subsystem)


@pytest.mark.parametrize("tag", ["whatsapp", "health-monitor", "state/sqlite", "hooks:loader", "web-session"])
def test_known_names(tag: str) -> None:
    """Channels, subsystems, modules and paths are accepted where a subsystem may stand."""
    assert is_known(tag)


@pytest.mark.parametrize(
    ("word", "expected"), [("gateway/ws", True), ("cron", True), ("ws", False), ("telegram", False)]
)
def test_labels(word: str, expected: bool) -> None:
    """Where names are written in full, a shortened one is text."""
    assert expected is is_label(word)


@pytest.mark.parametrize("tag", ["default", "openclaw", "WA", "INFO", "18277", "home:/etc", ""])
def test_unknown_names(tag: str) -> None:
    """Account ids, levels and process numbers are no subsystems."""
    assert not is_known(tag)
