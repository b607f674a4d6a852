"""Logs events of this program and of libraries to standard error, as text or JSON. Masks secrets."""

from __future__ import annotations

import logging
import sys

from contentlib.settings import MASK, Settings

# structlog imports these if they are installed, for tracebacks that are not used: a twentieth of the time that a start takes.
_UNUSED = {"rich", "twisted"} - sys.modules.keys()
sys.modules.update(dict.fromkeys(_UNUSED))  # type: ignore[arg-type] # None stands for a module that is not installed
import structlog  # noqa: E402 - without them
from structlog.typing import EventDict, Processor, WrappedLogger  # noqa: E402 - the same

for _name in _UNUSED:
    del sys.modules[_name]

_SECRETS = ("password", "token", "secret", "authorization", "cookie", "credential", "vmware-api-session-id")


def configure(settings: Settings) -> None:
    """Sends what structlog and the standard library log to standard error, as the settings say."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[*_common(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_common(), processors=_rendering(settings)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(max(level, logging.WARNING))  # it logs the type of database at every start


def mask(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:  # noqa: ARG001 - the signature is structlog's
    """Replaces the values whose names say that they are secrets."""
    return {name: MASK if _is_secret(name) else value for name, value in event.items()}


def _is_secret(name: str) -> bool:
    return any(secret in name.lower() for secret in _SECRETS)


def _common() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask,
    ]


def _rendering(settings: Settings) -> list[Processor]:
    # Tracebacks stay plain: structured ones and rich's hold the values of local variables, and secrets among them.
    if settings.log_format == "json":
        last: list[Processor] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        plain = structlog.dev.plain_traceback
        last = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
