"""
Names of subsystems: how a record spells them, how the console shows them, and which channel they belong to.

Enters: the subsystem of a record as any surface prints it. Leaves: one display name, so that
`gateway/channels/whatsapp`, `channels/whatsapp/inbound` and `[whatsapp]` compare equal. Source of the rule:
`formatSubsystemForConsole` of 2026.9.6, the same in 2026.2.17 and 2026.5.28.
"""

from __future__ import annotations

import re
from functools import lru_cache

_CHANNELS = """
    bluebubbles clickclack discord feishu googlechat imessage irc line matrix mattermost msteams nextcloud-talk nostr
    openclaw-weixin qqbot reef signal slack synology-chat telegram tlon twitch webchat wecom whatsapp yuanbao zalo
    zalouser
"""
_WHOLE = """
    bonjour browser channels compaction-safeguard diagnostic gateway gmail-watcher hooks hooks:loader infra:dotenv
    internal-hooks main-session-restart-recovery memory model-auth model-fallback models-auth-order models-auth-status
    openai-transport plugins provider-local-service provider-transport-fetch restart restart-handoff restart-sentinel
    retry-policy session-cold-storage session-init session-maintenance-warning session-sqlite session-suspension
    subagent-interrupted-resume terminal-upload
    baileys cron discord-auto-reply matrix-auto-reply matrix-storage msteams msteams:send telegram-auto-reply
    web-auth-store web-auto-reply web-heartbeat web-inbound web-outbound web-reconnect web-session
"""
_SHORTENED = """
    admission agent agents boot broadcast canvas delivery-recovery discovery exec-approvals health health-monitor
    heartbeat lifecycle logs node-connect nodes plugin-host-hooks reload restart-recovery secrets
    session-compaction-checkpoints sessions-history-sse shutdown tailscale task-supervisor user-profiles
    worker-environments ws
"""

CHANNELS = frozenset(_CHANNELS.split())
"""Channel ids: those that 2026.9.6 shortens on the console, and those of older versions and bundled plugins."""

WHOLE = frozenset(_WHOLE.split())
"""Subsystems and modules without a slash, as the file log and `openclaw logs` name them."""
NAMES = WHOLE | frozenset(_SHORTENED.split())
"""The same and what the console leaves of longer ones: every known display name without a slash, but for channels."""

PARTS = frozenset({"diag", "EventQueue", "feishu_drive", "signal-ws", "discord-preflight", "openclaw", "plugins"})
"""What the text of a channel begins with in brackets and is no account: parts of the product, by their templates."""

MODULES = frozenset(name for name in NAMES if name.startswith("web-")) | {"baileys"}
"""Module loggers of WhatsApp; they never reach the console, but people quote them as `baileys: text`."""

_DROPPED = ("gateway", "channels", "providers")
_PATH = re.compile(r"[a-z][a-z0-9-]*(?:/[A-Za-z0-9_.{}@:-]+)+", re.ASCII)
_MODULE_OF = re.compile(r"([a-z][a-z0-9-]*?)(?:-auto-reply|-storage|:\w+)", re.ASCII)
_NOT_WHATSAPP = frozenset({"web-fetch", "web-search", "web-tools"})


@lru_cache(maxsize=1024)
def display(subsystem: str) -> str:
    """
    The name the console would show.

    Leading `gateway`, `channels` and `providers` go; a channel is cut to its name; of anything else the last two
    segments stay. A name that consists of dropped segments only (`gateway`), a module and a system identifier stay.
    """
    original = [part for part in subsystem.split("/") if part]
    parts = original
    while parts and parts[0] in _DROPPED:
        parts = parts[1:]
    if not parts:
        return "/".join(original) or subsystem
    if parts[0].lower() in CHANNELS:
        return parts[0]
    return "/".join(parts[-2:])


@lru_cache(maxsize=1024)
def channel_of(subsystem: str | None) -> str | None:
    """The channel a subsystem, display name or module logger belongs to; None for everything else."""
    if not subsystem:
        return None
    name = display(subsystem).lower()
    if name in CHANNELS:
        return name
    if name == "baileys" or (name.startswith("web-") and name not in _NOT_WHATSAPP):
        return "whatsapp"
    module = _MODULE_OF.fullmatch(name)
    return module[1] if module and module[1] in CHANNELS else None


def is_known(tag: str) -> bool:
    """Is this tag of a console line a subsystem? Paths count, plain words must be known."""
    return tag in NAMES or tag in CHANNELS or _PATH.fullmatch(tag) is not None


def is_label(word: str) -> bool:
    """Is this word of `openclaw logs`, which shortens nothing, a subsystem? Text may begin with `telegram` or `ws`."""
    return word in WHOLE or _PATH.fullmatch(word) is not None
