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
_NAMES = """
    admission agent agents baileys bonjour boot broadcast browser canvas channels compaction-safeguard cron
    delivery-recovery diagnostic discovery exec-approvals gateway gmail-watcher health health-monitor heartbeat hooks
    hooks:loader infra:dotenv internal-hooks lifecycle logs main-session-restart-recovery memory model-auth
    model-fallback models-auth-order models-auth-status node-connect nodes openai-transport plugin-host-hooks plugins
    provider-local-service provider-transport-fetch reload restart restart-handoff restart-recovery restart-sentinel
    retry-policy secrets session-cold-storage session-compaction-checkpoints session-init session-maintenance-warning
    session-sqlite session-suspension sessions-history-sse shutdown subagent-interrupted-resume tailscale
    task-supervisor terminal-upload user-profiles worker-environments ws
    discord-auto-reply matrix-auto-reply matrix-storage msteams:send telegram-auto-reply web-auth-store
    web-auto-reply web-heartbeat web-inbound web-outbound web-reconnect web-session
"""

CHANNELS = frozenset(_CHANNELS.split())
"""Channel ids: those that 2026.9.6 shortens on the console, and those of older versions and bundled plugins."""

NAMES = frozenset(_NAMES.split())
"""Display names without a slash, other than channels, that the gateway is known to print, modules included."""

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
    """Is this text, found where a subsystem may stand, really one? Paths count, plain words must be known."""
    return tag in NAMES or tag in CHANNELS or _PATH.fullmatch(tag) is not None
