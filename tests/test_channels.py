"""The states of channels, as a screen or a time line shows them."""

from __future__ import annotations

from loganalyzer import iter_events
from loganalyzer.channels import MAX_CHANNELS, STATES, Channels, State
from loganalyzer.model import Event, Origin, Span
from loganalyzer.packs.load import load


def event(kind: str, time_s: int = 0, host: str | None = None, **attributes: str | int) -> Event:
    return Event(
        kind, attributes, time_s * 10**9, 10**6, Span("log", 1, 1, 0), None, None, host, Origin.GATEWAY, "x", "x", ""
    )


def test_a_state_is_entered_once() -> None:
    channels = Channels()
    first = channels.take(event("channel.connected", 1, channel="whatsapp", account="default"))
    assert [(c.channel.channel, c.state) for c in first] == [("whatsapp", State.CONNECTED)]
    assert channels.take(event("channel.connected", 2, channel="whatsapp", account="default")) == []
    down = channels.take(event("channel.disconnected", 3, channel="whatsapp", account="default", code=428))
    assert [(c.state, c.code, c.time_ns) for c in down] == [(State.DISCONNECTED, 428, 3 * 10**9)]
    assert channels.current() == down


def test_the_end_of_a_gateway_stops_its_channels_and_no_others() -> None:
    channels = Channels()
    channels.take(event("channel.connected", 1, host="a", channel="telegram"))
    channels.take(event("channel.connected", 1, host="b", channel="telegram"))
    ended = channels.take(event("gateway.stopped", 2, host="a"))
    assert [(c.channel.host, c.state) for c in ended] == [("a", State.STOPPED)]
    assert channels.take(event("gateway.exited", 3, host="a")) == []


def test_the_number_of_channels_is_bounded() -> None:
    channels = Channels()
    for number in range(MAX_CHANNELS + 10):
        channels.take(event("channel.connected", number, channel="whatsapp", account=str(number)))
    assert len(channels.current()) == MAX_CHANNELS


def test_every_event_type_that_tells_a_state_exists() -> None:
    assert set(STATES) <= set(load().event_types)


def test_a_real_log_tells_the_states_of_its_channel() -> None:
    channels = Channels()
    changes = [c for one in iter_events("sample_logs/whatsapp.logged-out/device-removed") for c in channels.take(one)]
    states = [c.state for c in changes if c.channel.channel == "whatsapp"]
    assert states[:2] == [State.CONNECTING, State.REFUSED]
    assert State.CONNECTED not in states
    assert states[-1] is State.STOPPED


def test_an_event_without_an_account_speaks_of_the_channel_and_a_refusal_outlasts_its_disconnect() -> None:
    channels = Channels()
    channels.take(event("channel.starting", 1, channel="whatsapp", account="default"))
    channels.take(event("channel.logged_out", 2, channel="whatsapp"))
    assert channels.take(event("channel.exited", 3, channel="whatsapp", account="default")) == []
    assert [(c.channel.account, c.state) for c in channels.current()] == [("default", State.REFUSED)]


def test_an_account_that_is_named_late_is_the_one_without_a_name() -> None:
    channels = Channels()
    channels.take(event("channel.connected", 1, channel="whatsapp"))
    channels.take(event("channel.disconnected", 2, channel="whatsapp", account="work"))
    assert [(c.channel.account, c.state) for c in channels.current()] == [("work", State.DISCONNECTED)]
