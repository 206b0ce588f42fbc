"""
Where messages go: the services of Apprise, by their URLs.

Enters: URLs; they hold passwords and tokens. Leaves: targets with a name that may be shown. Refuses to say anything of
a URL but the name of its service: neither errors nor the log of Apprise get out.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from loganalyzer.errors import UsageError
from loganalyzer.model import Severity

if TYPE_CHECKING:
    from loganalyzer.notify.delivery import Send
    from loganalyzer.notify.messages import Message

SUPPORTED = (
    "Write a URL of Apprise, such as json://HOST:PORT/PATH (a webhook; jsons:// for https), ntfy://TOPIC, "
    "mailto://USER:PASSWORD@HOST, tgram://TOKEN/CHAT, slack://…, discord://…; all are listed at https://appriseit.com"
)


class Target(NamedTuple):
    """Somebody who is told."""

    name: str
    """Number and service: `1 (json)`; holds nothing secret."""
    send: Send


def open_targets(urls: Sequence[str]) -> list[Target]:
    """
    Makes URLs to targets.

    Errors:
        UsageError: Apprise is not installed, or a URL means nothing to it.
    """
    try:
        import apprise  # noqa: F401 - only whether it is there
    except ImportError:
        raise UsageError("--notify needs Apprise: pip install 'loganalyzer[notify]'") from None
    for name in ("apprise", "urllib3"):
        # Their errors quote URLs.
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        # Its plugins are imported with the first URL, some of them with warnings about modules of Python.
        warnings.simplefilter("ignore")
        return [_target(number, url) for number, url in enumerate(urls, 1)]


def _target(number: int, url: str) -> Target:
    from apprise import Apprise, NotifyFormat, NotifyType

    try:
        service = Apprise.instantiate(url)
    except Exception:  # whatever it says, it may quote the URL
        service = None
    if service is None:
        raise UsageError(
            f"--notify: URL {number} is none that Apprise can use (not shown here, as it may be secret). {SUPPORTED}."
        )
    kinds = {
        Severity.INFO: NotifyType.INFO,
        Severity.WARNING: NotifyType.WARNING,
        Severity.ERROR: NotifyType.FAILURE,
        Severity.CRITICAL: NotifyType.FAILURE,
    }

    def send(message: Message) -> bool:
        # Not by way of an `Apprise` object: that sends from a pool of threads which Python waits for at its end.
        return bool(
            service.notify(
                title=message.title,
                body=message.body,
                notify_type=NotifyType.SUCCESS if message.good else kinds[message.severity],
                body_format=NotifyFormat.TEXT,
            )
        )

    return Target(f"{number} ({service.service_name})", send)
