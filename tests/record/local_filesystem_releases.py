"""`local_filesystem_releases.jsonl`: what `LocalFilesystemBackend` of each release finds.

First the lookups of `local_filesystem_3.3.2.jsonl` that an older release answers otherwise, with the releases that do. Then lookups of this file's own: those
whose lines name every release, so that a line with all of them in `in` adds one.
"""

from __future__ import annotations

import json
import os
from itertools import groupby
from typing import Any

import local_files
from common import HERE, ask, lines, parsed_lines

FILE = "local_filesystem_releases.jsonl"
RELEASES = {"2.11": "2.11.2", "3.0": "3.0.6", "3.1": "3.1.8", "3.2": "3.2.2", "3.3": "3.3.2"}
# Before it there are no configs.
FIRST_WITH_CONFIGS = "3.2"


def record(text: str) -> str:
    with open(os.path.join(HERE, "..", "data", "local_filesystem_3.3.2.jsonl"), encoding="utf-8", newline="") as file:
        newest = [lookup_of(line) for line in parsed_lines(file.read())]
    own = [json.loads(lookup) for lookup, given in groupby(parsed_lines(text), key=lambda line: json.dumps(lookup_of(line))) if names_all(given)]
    answers = {release: ask(version, local_files.observe, [[*newest, *own]])[0] for release, version in RELEASES.items()}

    made = []
    for number, lookup in enumerate([*newest, *own]):
        asked = [release for release in RELEASES if lookup["kind"] != "config" or release >= FIRST_WITH_CONFIGS]
        groups = grouped({release: answers[release][number] for release in asked})
        made += [{**lookup, **group} for group in groups if number >= len(newest) or "3.3" not in group["in"]]
    return lines(made, ensure_ascii=False)


def lookup_of(line: dict[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in local_files.LOOKUP}


def names_all(given: Any) -> bool:
    return {release for line in given for release in line["in"]} == set(RELEASES)


def grouped(answers: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Each answer with the releases that give it. Errors are one answer, whose class is the first release's."""
    groups: dict[str, dict[str, Any]] = {}
    for release, answer in answers.items():
        key = "error" if "error" in answer else json.dumps(answer)
        groups.setdefault(key, {"in": [], **answer})["in"].append(release)
    return list(groups.values())
