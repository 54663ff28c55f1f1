"""Takes secrets out of what is recorded: by the name that a value has, and by what it looks like."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

MASK = "[redacted]"

# `hf_token` and `openaiApiKey`, but not `max_tokens`, `eos_token`, `tokenizer`, `text_key` or
# `keyframes`.
SECRET_NAME = (
    r"(?i)(?:api|access|secret|private|auth|signing|encryption|ssh|license)[_\-. ]?key(?:[_\-. ]?id)?$"
    r"|(?:api|access|auth|bearer|bot|csrf|github|gitlab|hf|hub|huggingface|refresh|session|slack|user|wandb)"
    r"[_\-. ]?token$"
    r"|^token$|^credentials?$|password|passwd|passphrase|secret"
)
SECRET_VALUE = (
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{50,}\b|\bglpat-[A-Za-z0-9_\-]{20,}"
    r"|\bhf_[A-Za-z0-9]{30,}\b"
    r"|\bsk-(?:[a-z]+-)*[A-Za-z0-9_\-]{20,}"
    r"|\bxox[abpors]-[A-Za-z0-9\-]{10,}"
    r"|\b(?:local|wandb_v1)-[A-Za-z0-9]{40,}\b"
    r"|\beyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{5,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)  # at first use: 2 ms that an import should not cost


def redact_text(text: str) -> str:
    """Return `text` with what looks like a secret masked."""
    return _compiled(SECRET_VALUE).sub(MASK, text)


def redact(value: Any, name: str = "") -> Any:
    """Return `value` with the secrets in it masked; numbers and booleans are never secrets."""
    if isinstance(value, str):
        return MASK if value and name and is_secret_name(name) else redact_text(value)
    if isinstance(value, dict):
        return {key: redact(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [redact(item, name) for item in value]
    return value


def is_secret_name(name: str) -> bool:
    """Return whether a text under this name is a secret."""
    return _compiled(SECRET_NAME).search(name) is not None


def redact_command(arguments: list[str]) -> list[str]:
    """Return a command line with the values of secret options masked."""
    masked: list[str] = []
    hide_next = False
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if hide_next and not argument.startswith("-"):
            masked.append(MASK)
        elif equals and is_secret_name(option.lstrip("-")):
            masked.append(f"{option}={MASK if value else ''}")
        else:
            masked.append(redact_text(argument))
        hide_next = not equals and argument.startswith("-") and is_secret_name(argument.lstrip("-"))
    return masked
