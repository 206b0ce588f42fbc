"""A pack of two modes that put everything that a line says into everything that is shown."""

from __future__ import annotations

from pathlib import Path

PACK = {
    "vocabulary.yaml": """
event_types:
  vault.said: {meaning: it spoke, attributes: {channel: str, account: str, note: str, sender: int}}
""",
    "events.yaml": """
patterns:
  - {id: vault.said, event: vault.said, match: "vault {account:word} said {note}", attributes: {channel: vault},
     where: {origin: [gateway, cli-error, cli-output, unknown]}, source: invented,
     examples: [{line: "vault one said it is open"}], near_misses: [vault is quiet]}
""",
    "failure_modes/vault.open.yaml": """
id: vault.open
title: The vault is open
tier: 1
severity: error
meaning: It speaks.
cause: Somebody asked {account} about {note}.
key: [host, channel, account]
evidence:
  - {name: said, match: {event: vault.said, channel: vault}, confidence: 0.9}
summary: "Vault {account} said {note}, seen {count} times."
remediation:
  - text: Ask {account} about {note}.
    commands: ["vault close {account} --because {note}"]
    caution: "{account} may say {note} again."
    verify: "{note} is not said again."
references: ["https://vault.example.org"]
examples: [{name: one, lines: "vault one said it is open"}]
near_misses: [{name: none, lines: "vault is quiet"}]
""",
    "failure_modes/vault.silent.yaml": """
id: vault.silent
title: The vault is silent
tier: 1
severity: warning
meaning: It says nothing.
cause: Nobody asked.
key: [channel, account]
evidence:
  - {name: said, match: {event: vault.said, channel: vault, note: quiet}, confidence: 0.9}
summary: "Vault {account} is silent."
remediation: [{text: Ask it., verify: It answers.}]
references: ["https://vault.example.org"]
examples: [{name: one, lines: "vault one said quiet"}]
near_misses: [{name: none, lines: "vault is quiet"}]
""",
}


def write_pack(folder: Path) -> None:
    for name, text in PACK.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
