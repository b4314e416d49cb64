"""Python values as the recordings write them: dict keys as `json.dumps` writes them, and integers and floats as text."""

from __future__ import annotations

import datetime
import json
from typing import Any


class NoJsonForm(Exception):
    """A set, bytes, a key that is a date, or what holds itself."""


def key_text(key: Any) -> str:
    """A key of a dict as JSON has it."""
    if key is None:
        return "null"
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int):
        return repr(key)
    if isinstance(key, float):
        return json.dumps(key)
    if isinstance(key, str):
        return key
    raise NoJsonForm


def with_texts(value: dict[Any, Any]) -> dict[str, Any]:
    """The dict with such keys, of which the last wins where two are one text."""
    return {key_text(key): item for key, item in value.items()}


def is_date(value: Any) -> bool:
    return isinstance(value, (datetime.date, datetime.datetime))
