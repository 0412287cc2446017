"""Structured logs: one JSON object a line, with request and job ids, and without secrets."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_KEYS = re.compile(r"(password|passphrase|secret|token|authorization|cookie|stream_key|access_code)", re.I)
_SECRET_TEXT = re.compile(
    r"(?P<keep>(?:X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token|passphrase|password|token|code)=)[^&\s\"']+"
    r"|(?P<bearer>Bearer\s+)[A-Za-z0-9._~+/=-]+"
    r"|(?P<own>\bsemma_[a-z]+_)[A-Za-z0-9_-]{20,}"
    r"|(?P<url>://[^:/@\s]+:)[^@/\s]+(?=@)",
    re.I,
)


def redact_text(text: str) -> str:
    """The text without signatures, tokens, passphrases and passwords in addresses."""
    return _SECRET_TEXT.sub(lambda found: next(part for part in found.groups() if part) + "[redacted]", text)


def redact(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: blank out values under secret names, and secrets inside texts."""
    for key, value in entry.items():
        if _SECRET_KEYS.search(key) and value is not None and not isinstance(value, bool | int):
            entry[key] = "[redacted]"
        elif isinstance(value, str):
            entry[key] = redact_text(value)
    return entry


def configure_logging(*, level: str = "info", form: str = "json", process: str = "") -> None:
    """Set up structlog and the standard library's logging once a process, both to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    renderer: Any = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer()
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(number)
    for noisy in ("botocore", "boto3", "urllib3", "kombu", "amqp", "httpx", "asyncio", "aiosqlite"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    if process:
        structlog.contextvars.bind_contextvars(process=process)
