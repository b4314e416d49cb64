"""`python_re_match.json`: which texts each pattern matches in CPython 3.11, as `re.match` with IGNORECASE; a pattern that does not compile has none."""

from __future__ import annotations

import json

from common import ask
from installations import RELEASE

FILE = "python_re_match.json"


def record(text: str) -> str:
    document = json.loads(text)
    texts, patterns = document["texts"], [pattern for pattern, _ in document["patterns"]]
    matched = ask(RELEASE, observe, [{"pattern": pattern, "texts": texts} for pattern in patterns])
    return json.dumps({"texts": texts, "patterns": list(zip(patterns, matched))}, indent=0)


def observe(case: dict) -> str | None:
    import re

    try:
        pattern = re.compile(case["pattern"], re.IGNORECASE)
    except re.error:
        return None
    return "".join("1" if pattern.match(text) else "0" for text in case["texts"])
