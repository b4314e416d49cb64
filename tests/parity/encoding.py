"""Python values as the oracle's answers carry them: JSON, and a marker where JSON has no such value.

* What `json.dumps` writes is written as it does: integers of any size, floats, tuples as lists, keys that are numbers, booleans or None as text.
* Dates and times are `{"!": str, "type": "date"}`.
* Anything else is `{"!": repr, "type": class name}`: NaN and the infinities, bytes, sets, objects with other keys or with a key "!".
* Text that holds an unpaired surrogate, which has no UTF-8 form, is `{"!": ascii(text), "type": "surrogate"}`.
* An integer too long for Python to write in decimal is `{"!": hex(number), "type": "int"}`; what refers to itself or is nested too deep
  is `{"!": "", "type": "recursion"}`.
"""

from __future__ import annotations

import datetime
import math
from typing import Any


def encode(value: Any) -> Any:
    try:
        return _encode(value)
    except RecursionError:
        return {"!": "", "type": "recursion"}


def _encode(value: Any) -> Any:
    if value is None or type(value) is bool:
        return value
    if type(value) is int:
        return _encode_integer(value)
    if type(value) is float:
        return value if math.isfinite(value) else _marker(value)
    if type(value) is str:
        return _encode_text(value)
    if isinstance(value, datetime.date):
        return {"!": str(value), "type": "date"}
    if type(value) in (list, tuple):
        return [_encode(item) for item in value]
    if type(value) is dict and all(map(_is_key, value)):
        return {key: _encode(item) for key, item in value.items()}
    return _marker(value)


def _is_key(key: Any) -> bool:
    if type(key) is str:
        return key != "!" and _has_utf8(key)
    if type(key) is float:
        return math.isfinite(key)
    return key is None or type(key) in (bool, int)


def _encode_integer(value: int) -> Any:
    try:
        str(value)
    except ValueError:
        return {"!": hex(value), "type": "int"}
    return value


def _encode_text(value: str) -> Any:
    return value if _has_utf8(value) else {"!": ascii(value), "type": "surrogate"}


def _has_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _marker(value: Any) -> dict[str, str]:
    try:
        text = repr(value)
    except ValueError:  # an integer inside is too long for repr
        text = ""
    return {"!": text if _has_utf8(text) else ascii(text), "type": type(value).__name__}


def describe(exception: BaseException) -> str:
    """`Type: text`, always with a UTF-8 form."""
    try:
        text = str(exception)
    except Exception as failure:
        text = f"({type(failure).__name__} while it was told)"
    return f"{type(exception).__name__}: {text.encode(errors='backslashreplace').decode()}"
