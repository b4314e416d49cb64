"""Where the Python of each Airflow release is, installed when it is first asked for.

3.3.2 and 2.11.2 are those of `tests/parity/install`. Other releases get a virtual environment under `target/record`: from `releases/RELEASE.txt` where
that file is there, else whatever the package registry resolves for `apache-airflow-core==RELEASE` and, for the backends, `requirements.txt`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "..", "..", "target")
# The release that the recordings are of; another one is recorded with AIRFLOW_RELEASE.
RELEASE = os.environ.get("AIRFLOW_RELEASE", "3.3.2")
PARITY = ("3.3.2", "2.11.2")


def python(release: str) -> str:
    """The path of an interpreter that imports `airflow` of this release."""
    if release in PARITY:
        path = interpreter(os.path.join(TARGET, "parity", release))
        if not os.path.exists(path):
            run([os.path.join(HERE, "..", "parity", "install")])
        return path
    folder = os.path.join(TARGET, "record", release)
    if not os.path.exists(os.path.join(folder, "installed")):
        install(release, folder)
    return interpreter(folder)


def interpreter(folder: str) -> str:
    return os.path.abspath(os.path.join(folder, "bin", "python"))


def install(release: str, folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    run([sys.executable, "-m", "venv", folder])
    pip = pip_of(folder)
    pinned = os.path.join(HERE, "releases", f"{release}.txt")
    if os.path.exists(pinned):
        run([*pip, "--no-deps", "--requirement", pinned])
    else:
        run([*pip, f"apache-airflow-core=={release}"])
        backends = os.path.join(HERE, "requirements.txt")
        providers = [line.strip() for line in open(backends, encoding="utf-8") if line.startswith("apache-airflow-")]
        libraries = [line.strip() for line in open(backends, encoding="utf-8") if line[0].isalpha() and not line.startswith("apache-airflow-")]
        run([*pip, "--no-deps", *providers])
        run([*pip, *libraries])
    open(os.path.join(folder, "installed"), "w").close()


def laid_over(package: str) -> str:
    """A folder for PYTHONPATH with one package and none that it needs."""
    folder = os.path.join(TARGET, "record", package)
    if not os.path.exists(folder):
        unfinished = f"{folder}.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        run([*pip_of(os.path.join(TARGET, "parity", "3.3.2")), "--no-deps", "--target", unfinished, package])
        os.rename(unfinished, folder)
    return os.path.abspath(folder)


def pip_of(folder: str) -> list[str]:
    if shutil.which("uv"):
        return ["uv", "pip", "install", "--quiet", "--python", interpreter(folder)]
    return [interpreter(folder), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)
