"""Silences library loggers that write addresses, header fields and whole lines of mail: personal data."""

from __future__ import annotations

import logging


def silence(name: str) -> logging.Logger:
    """The logger, writing nothing from now on.

    A filter, and not `disabled`: `logging.config.dictConfig`, which uvicorn calls at its start, switches every logger
    that exists on again.
    """
    logger = logging.getLogger(name)
    if _nothing not in logger.filters:
        logger.addFilter(_nothing)
    return logger


def _nothing(_record: logging.LogRecord) -> bool:
    return False
