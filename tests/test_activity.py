from hypothesis import given, settings
from hypothesis import strategies as st
from properties import often
from sample_cases import case

from loganalyzer import analyze
from loganalyzer.activity import BUCKETS, MAX_ACTIONS, MAX_SERIES, Activity, Recorder
from loganalyzer.channels import Channel, State
from loganalyzer.lanes import MAX_LANES, MAX_SPELLS, Lanes, lengths
from loganalyzer.model import Event
from loganalyzer.testing import START_NS, make_event

SECOND = 1_000_000_000


def recorded(*events: Event) -> Activity:
    recorder = Recorder()
    for event in events:
        recorder.event(event, "judged")
    return recorder.activity()


def closed(at_s: float, code: int | None = 428, **more: str) -> Event:
    known = {} if code is None else {"code": code}
    return make_event("channel.disconnected", at_s, channel="whatsapp", **known, **more)


def opened(at_s: float) -> Event:
    return make_event("channel.connected", at_s, channel="whatsapp")


def test_a_run_tells_what_went_on() -> None:
    """A real log gives states, disconnects by code, and starts; without being asked, nothing is collected."""
    one = case("whatsapp.session-terminated/twelve-retries")
    report = analyze(one.inputs, one.run_options, activity=True)
    assert report.activity is not None
    assert [lane.channel for lane in report.activity.lanes] == [Channel(None, "whatsapp", "default")]
    assert sum(close.times for close in report.activity.closes) == 12
    assert {close.code for close in report.activity.closes} == {428}
    assert [action.event for action in report.activity.actions] == ["gateway.starting"]
    plain = analyze(one.inputs, one.run_options)
    assert plain.activity is None
    assert plain.incidents == report.incidents
    assert plain.accounting == report.accounting


def test_what_the_rules_do_not_see_is_not_counted() -> None:
    """Duplicates and what is out of range leave no trace."""
    recorder = Recorder()
    recorder.event(closed(0), "duplicate")
    recorder.event(closed(0), "out of range")
    assert recorder.activity() == recorded()


def test_spells_follow_one_another() -> None:
    """A lane holds each state from its start; the last one lasts to the end of the log."""
    lane = recorded(make_event("channel.starting", 0, channel="whatsapp"), opened(5), closed(60)).lanes[0]
    assert [
        (spell.state, (end - spell.start_ns) // SECOND) for spell, end in lengths(lane, START_NS + 90 * SECOND)
    ] == [
        (State.CONNECTING, 5),
        (State.CONNECTED, 55),
        (State.DISCONNECTED, 30),
    ]
    assert lane.spells[-1].code == 428


def test_a_restless_hour_hides_no_calm_day() -> None:
    """Where there are too many changes, close ones become one spell with the worst state; long ones stay what they were."""
    lanes = Lanes()
    lanes.take(opened(0))
    for n in range(3000):
        at = 86_400 + n * 2
        lanes.take(make_event("channel.logged_out", at, channel="whatsapp") if n == 1500 else closed(at))
        lanes.take(opened(at + 1))
    lanes.take(closed(2 * 86_400))
    lanes.take(opened(2 * 86_400 + 5))
    [lane] = lanes.result()
    assert len(lane.spells) <= MAX_SPELLS
    assert sum(spell.changes for spell in lane.spells) == 6003
    timed = lengths(lane, START_NS + 3 * 86_400 * SECOND)
    connected = sum(end - spell.start_ns for spell, end in timed if spell.state is State.CONNECTED)
    assert connected > 2.8 * 86_400 * SECOND
    assert State.REFUSED in {spell.state for spell in lane.spells}
    assert timed[-1][0].state is State.CONNECTED


def test_a_nameless_channel_keeps_its_lane() -> None:
    """Lines that name no account and later ones that do are one lane."""
    activity = recorded(
        make_event("channel.starting", 0, channel="whatsapp"),
        make_event("channel.connected", 3, channel="whatsapp", account="default"),
    )
    assert [lane.channel.account for lane in activity.lanes] == ["default"]
    assert len(activity.lanes[0].spells) == 2


def test_one_close_that_is_logged_twice_counts_once() -> None:
    """Two lines of one second are one close if they name one code, or the second none; a repeated status is none."""
    activity = recorded(
        closed(0),
        make_event("channel.exited", 0.2, channel="whatsapp", code=428),
        make_event("channel.exited", 0.4, channel="whatsapp"),
        closed(10, 515),
        closed(10.5, 428),
        closed(20, None, reason="status snapshot"),
    )
    assert sorted((close.code or 0, close.times) for close in activity.closes) == [(428, 1), (428, 1), (515, 1)]


@settings(max_examples=often(60), deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-(10**10), 10**10), st.sampled_from(["a", "b"]), st.one_of(st.none(), st.integers(0, 300))
        ),
        max_size=120,
    )
)
def test_counts_are_never_lost(found: list[tuple[int, str, int | None]]) -> None:
    """However wide the buckets must become, every close stays counted, in a number of buckets that is bounded."""
    recorder = Recorder()
    for at, channel, code in found:
        recorder._closes.add(at * SECOND, channel, code)
    activity = recorder.activity()
    assert sum(close.times for close in activity.closes) == len(found)
    starts = {close.start_ns for close in activity.closes}
    assert len(starts) <= BUCKETS
    assert all(start % activity.bucket_ns == 0 for start in starts)
    assert len({(close.channel, close.code) for close in activity.closes}) <= MAX_SERIES + 1


def test_buckets_suit_the_log_and_not_only_its_closes() -> None:
    """A minute of trouble in a quiet day is a bar that can be seen."""
    activity = recorded(opened(0), *(closed(3600 + 5.0 * n) for n in range(12)), opened(86_400))
    assert activity.bucket_ns == 3600 * SECOND
    assert [close.times for close in activity.closes] == [12]


def test_nothing_grows_without_bound() -> None:
    """Ten thousand hosts, versions, channels and actions leave a bounded activity that says what is missing."""
    recorder = Recorder()
    for n in range(10_000):
        event = make_event("gateway.starting", n, host=f"host{n}", version=f"2026.{n}" + "x" * 1000)
        recorder.event(event, "judged")
        recorder.event(make_event("channel.connected", n, channel=f"c{n}", account="x"), "judged")
        recorder.event(make_event("config.changed", n, paths="p" * 1000), "judged")
    activity = recorder.activity()
    assert len(activity.hosts) + len(activity.versions) <= 100
    assert len(activity.lanes) <= MAX_LANES
    assert len(activity.actions) == 2 * MAX_ACTIONS
    assert len(activity.actions) + activity.actions_omitted == 20_000
    assert activity.actions[-1].time_ns == START_NS + 9_999 * SECOND


def test_the_same_again_is_counted() -> None:
    """A gateway that starts ten times in a row is one action, seen ten times."""
    activity = recorded(*(make_event("gateway.starting", n) for n in range(10)))
    assert [(action.event, action.times) for action in activity.actions] == [("gateway.starting", 10)]
