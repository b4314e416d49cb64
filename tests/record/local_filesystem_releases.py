"""`local_filesystem_releases.jsonl`: what `LocalFilesystemBackend` of each release finds.

First the lookups of `local_filesystem_3.3.2.jsonl` that another release answers otherwise, with the releases that do. Then lookups of this file's own: those
whose lines name every release that the file names, so that a line with all of them in `in` adds one.
"""

from __future__ import annotations

import json
import os
from itertools import groupby
from typing import Any, Iterable

import local_files
from common import HERE, ask, lines, parsed_lines

FILE = "local_filesystem_releases.jsonl"
RELEASES = {"2.11": "2.11.2", "3.0": "3.0.6", "3.1": "3.1.8", "3.2": "3.2.2", "3.3": "3.3.2"}
# That of `local_filesystem_3.3.2.jsonl`.
RECORDED_ALONE = "3.3"
# Before it there are no configs.
FIRST_WITH_CONFIGS = "3.2"


def record(text: str) -> str:
    with open(os.path.join(HERE, "..", "data", "local_filesystem_3.3.2.jsonl"), encoding="utf-8", newline="") as file:
        newest = [lookup_of(line) for line in parsed_lines(file.read())]
    given = parsed_lines(text)
    by_lookup = groupby(given, key=lambda line: json.dumps(lookup_of(line)))
    own = [json.loads(lookup) for lookup, answers in by_lookup if releases_of(answers) == releases_of(given)]
    answers = {release: ask(version, local_files.observe, [[*newest, *own]])[0] for release, version in RELEASES.items()}

    made = []
    for number, lookup in enumerate([*newest, *own]):
        asked = [release for release in RELEASES if lookup["kind"] != "config" or release >= FIRST_WITH_CONFIGS]
        groups = grouped({release: answers[release][number] for release in asked})
        made += [{**lookup, **group} for group in groups if number >= len(newest) or RECORDED_ALONE not in group["in"]]
    return lines(made, ensure_ascii=False)


def lookup_of(line: dict[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in local_files.LOOKUP}


def releases_of(lines: Iterable[dict[str, Any]]) -> set[str]:
    return {release for line in lines for release in line["in"]}


def grouped(answers: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Each answer with the releases that give it. Errors are one answer, whose class is the first release's."""
    groups: dict[str, dict[str, Any]] = {}
    for release, answer in answers.items():
        key = "error" if "error" in answer else json.dumps(answer)
        groups.setdefault(key, {"in": [], **answer})["in"].append(release)
    return list(groups.values())
