#!/usr/bin/env python3
"""Makes folder trees with `.airflowignore` files and records which files real Airflow finds in them.

    target/parity/3.3.2/bin/python tests/record/airflowignore.py COUNT SEED >lines.jsonl

One line a tree: the release, the syntax, the entries (a text is a file, `null` a folder, `{"link": ...}` a link), and the
files that `find_path_from_directory` gives, or `null` where it raises. `tests/data/airflowignore.jsonl` is the first lines of
both releases, with a seed of 1.
"""

import importlib.metadata
import importlib.util
import json
import os
import pathlib
import random
import sys
import tempfile
import types


def load():
    """The module with `find_path_from_directory`, without the rest of Airflow, which the walk does not use."""
    airflow = pathlib.Path(importlib.util.find_spec("airflow").origin).parent
    path = airflow / "_shared/module_loading/file_discovery.py"
    if not path.exists():
        path = airflow / "utils/file.py"
        conf = types.SimpleNamespace(get_mandatory_value=lambda *_, fallback: fallback, getboolean=lambda *_, fallback: fallback)
        for name, members in {"airflow": {}, "airflow.configuration": {"conf": conf}, "airflow.exceptions": {"RemovedInAirflow3Warning": Warning}}.items():
            sys.modules[name] = types.ModuleType(name)
            vars(sys.modules[name]).update(members)
    spec = importlib.util.spec_from_file_location("file_discovery", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VERSION = next(found.version for found in importlib.metadata.distributions() if found.name in ("apache-airflow", "apache-airflow-core"))
find_path_from_directory = load().find_path_from_directory

NAMES = ["a", "b", "dags", "sub", "x1", "test_a", "a.py", "b.py", "dag.py", "__init__.py", "utils", "c d", "[z]", "é.py", "a#b.py"]
PIECES = ["*", "?", "**", "a", "b", "sub", "*.py", "test_*", "[ab]", "[!a]*", "[^b]", "dags", "x?", "a.py", "__init__.py", "utils", "[a-c]*",
          "\\*", "\\[z]", "c\\ d", "[", "[]a]", "é*", "[a\\]", "a[/]b"]  # fmt: skip
# Patterns at which Airflow gives up the whole folder.
FATAL = ["a", "b", "a", "!", "a\\", "[z-a]"]
REGEXPS = ["a", "^a", "\\.py$", "sub/.*", "test_[ab]", "(a|b)/", "^sub$", "x\\d", "[", "(?i)DAGS", "a{1,2}", "dags/(?!a)", "utils|c d", ".*/b",
           "^$", "\\Aa", "(", "é", "a\\b", "[^/]+/a\\.py"]  # fmt: skip


def glob(dice):
    pattern = dice.choice(["", "", "", "/"]) + "/".join(dice.choice(PIECES) for _ in range(dice.choice([1, 1, 1, 2, 2, 3]))) + dice.choice(["", "", "", "/"])
    pattern = dice.choice(["", "", "", "!"]) + pattern
    return dice.choice([pattern] * 9 + [pattern + " ", pattern + "  # why", "# " + pattern, "", "/", " " + pattern, pattern + "#x", dice.choice(FATAL)])


def regexp(dice):
    pattern = dice.choice(REGEXPS)
    return dice.choice([pattern] * 8 + [pattern + " # why", "#" + pattern, "", pattern + dice.choice(REGEXPS)])


def tree(dice, syntax):
    folders, entries = [""], {}
    for _ in range(dice.randint(2, 14)):
        folder = dice.choice(folders)
        path = (folder + "/" if folder else "") + dice.choice(NAMES)
        if path in entries:
            continue
        if path.endswith(".py") or dice.random() < 0.2:
            entries[path] = "x"
        elif folders[1:] and dice.random() < 0.06:
            entries[path] = {"link": dice.choice(folders[1:])}
        else:
            entries[path] = None
            folders.append(path)
    line = glob if syntax == "glob" else regexp
    for folder in dice.sample(folders, min(len(folders), dice.randint(1, 3))):
        path = (folder + "/" if folder else "") + ".airflowignore"
        entries[path] = dice.choice(["\n", "\n", "\n", "\r\n"]).join(line(dice) for _ in range(dice.randint(1, 4)))
    return entries


def build(root, entries):
    for path, content in entries.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            place.mkdir(exist_ok=True)
        elif isinstance(content, dict):
            place.symlink_to(root / content["link"])
        else:
            place.write_bytes(content.encode())


def found(root, syntax):
    try:
        return sorted(os.path.relpath(path, root) for path in find_path_from_directory(str(root), ".airflowignore", syntax))
    except Exception:
        return None


def main(count, seed):
    dice = random.Random(seed)
    for _ in range(count):
        syntax = dice.choice(["glob", "glob", "regexp"])
        entries = tree(dice, syntax)
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            build(root, entries)
            line = {"airflow": VERSION, "syntax": syntax, "entries": entries, "files": found(root, syntax)}
        print(json.dumps(line, ensure_ascii=False))


main(int(sys.argv[1]), int(sys.argv[2]))
