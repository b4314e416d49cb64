"""`pyyaml_6.0.3.jsonl`: what `yaml.load(text, CSafeLoader)` makes of texts, which is how Airflow reads a file of YAML.

A value is `null` or a letter for its type with the value: `s` text, `i` an integer, `f` a float, `b` a boolean, `d` a date, `l` a list, `m` a dict.
"""

from __future__ import annotations

from typing import Any

from common import ask, lines, parsed_lines
from installations import RELEASE
from values import NoJsonForm, is_date, with_texts

FILE = "pyyaml_6.0.3.jsonl"


def record(text: str) -> str:
    texts = [line["yaml"] for line in parsed_lines(text)]
    [answers] = ask(RELEASE, observe, [texts])
    return lines({"yaml": yaml, **answer} for yaml, answer in zip(texts, answers))


def observe(texts: list[str]) -> list[dict[str, Any]]:
    return [load(text) for text in texts]


def load(text: str) -> dict[str, Any]:
    import yaml

    try:
        return {"value": lettered(yaml.load(text, yaml.CSafeLoader))}
    except (NoJsonForm, RecursionError):
        return {"refused": "no JSON form"}
    except Exception as failure:
        return {"refused": type(failure).__name__}


def lettered(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, bool):
        return ["b", value]
    if isinstance(value, int):
        return ["i", repr(value)]
    if isinstance(value, float):
        return ["f", repr(value)]
    if isinstance(value, str):
        return ["s", value]
    if is_date(value):
        return ["d", str(value)]
    if isinstance(value, (list, tuple)):
        return ["l", [lettered(item) for item in value]]
    if isinstance(value, dict):
        return ["m", [[key, lettered(item)] for key, item in with_texts(value).items()]]
    raise NoJsonForm
