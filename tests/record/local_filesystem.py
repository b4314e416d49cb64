"""`local_filesystem_3.3.2.jsonl`: what `LocalFilesystemBackend` of Airflow 3.3.2 finds in files of every form."""

from __future__ import annotations

import local_files
from common import ask, lines, parsed_lines
from installations import RELEASE

FILE = "local_filesystem_3.3.2.jsonl"


def record(text: str) -> str:
    lookups = [{name: line[name] for name in local_files.LOOKUP} for line in parsed_lines(text)]
    [answers] = ask(RELEASE, local_files.observe, [lookups])
    return lines({**lookup, **answer} for lookup, answer in zip(lookups, answers))
