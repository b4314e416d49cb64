"""`config_layer_3.3.2.json`: the backend's kwargs and the options that Airflow makes of an environment and an `airflow.cfg`, each in a fresh start.

`airflow` is what 3.3.2 makes of it, `airflow_2_11_2` and `airflow_3_1_8` what those make where it is something else; why secretctl departs, and what it does
then, is written by hand and stays. The class `recmod.R` takes all kwargs and answers `CFG:` and what it is asked.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from typing import Any

from common import HOME, ask, in_a_child, line_a_case, replaced
from connections import have_a_masker
from installations import RELEASE

FILE = "config_layer_3.3.2.json"
OLDER = {"airflow_2_11_2": "2.11.2", "airflow_3_1_8": "3.1.8"}
# Of 3.1.8 backends are recorded only.
OF_BACKENDS_ONLY = ["airflow_3_1_8"]
RECMOD = """
class R:
    def __init__(self, **kwargs):
        self.kwargs = kwargs

    def get_config(self, key):
        return f"CFG:{key}"

    def get_connection(self, conn_id):
        return None

    def get_variable(self, key):
        return None

    def _set_connection_class(self, conn_class):
        pass
"""


def record(text: str) -> str:
    document = json.loads(text)
    cases = document["cases"]
    newest = ask(RELEASE, observe, cases)
    older = {name: ask(release, observe, cases) for name, release in OLDER.items()}
    made = [with_outcomes(case, newest[number], {name: older[name][number] for name in older}) for number, case in enumerate(cases)]
    [sensitive] = ask(RELEASE, sensitive_options, [None])
    return line_a_case({**document, "sensitive": sensitive, "cases": made}, "cases")


def with_outcomes(case: dict[str, Any], newest: str, older: dict[str, str]) -> dict[str, Any]:
    made = {**case, "airflow": kept(case.get("airflow"), newest)}
    for name, outcome in older.items():
        if is_same(outcome, newest) or ("option" in case and name in OF_BACKENDS_ONLY):
            made.pop(name, None)
        else:
            made[name] = {**case.get(name, {}), "airflow": kept(case.get(name, {}).get("airflow"), outcome)}
    return made


def kept(recorded: str | None, outcome: str) -> str:
    """An exception whose text was left out, or that says besides where Python was when its stack was full, stays as it is."""
    if recorded is not None and recorded.startswith("!!") and re.match(re.escape(recorded) + r"\b", outcome):
        return recorded
    return outcome


def is_same(outcome: str, other: str) -> bool:
    """Two exceptions are the same end."""
    return outcome == other or (outcome.startswith("!!") and other.startswith("!!"))


def prepare() -> None:
    """Imports what Airflow imports and is not of Airflow, so that a fresh start is quick.

    Airflow is used as a library, for its start would go on to open the database, which some cases name and none has.
    """
    os.environ["_AIRFLOW__AS_LIBRARY"] = "1"
    for name in in_a_child(imported_by_airflow, None):
        try:
            importlib.import_module(name)
        except Exception:  # a part that is not imported by itself
            pass


def imported_by_airflow(_: None) -> list[str]:
    import airflow.configuration  # noqa: F401

    return [name for name in sys.modules if name.split(".")[0] not in ("airflow", "common", "connections", "config_layer")]


def sensitive_options(_: None) -> list[list[str]]:
    from airflow.configuration import conf

    return sorted(list(option) for option in conf.sensitive_config_values)


def observe(case: dict[str, Any]) -> str:
    told = in_a_child(start, case)
    if "option" in case and told == in_a_child(start, {**case, "env": {}, "cfg": ""}):
        return "default"
    return told


def start(case: dict[str, Any]) -> str:
    home = os.environ["HOME"]
    for name, content in {"airflow.cfg": case["cfg"], "recmod.py": RECMOD}.items():
        with open(name, "w", encoding="utf-8") as file:
            file.write(content)
    sys.path.insert(0, home)
    os.environ.update(case["env"])
    try:
        told = option(*case["option"]) if "option" in case else backend(case.get("worker", False))
    except (Exception, SystemExit) as failure:
        told = f"!! {type(failure).__name__}: {failure}"
    return replaced(told, {home: HOME})


def configuration() -> Any:
    """Airflow's module of that name, once a start has read every sensitive option, as `airflow.settings` does to hide them in logs."""
    from airflow import configuration

    if is_airflow_2():
        have_a_masker()
    configuration.conf.mask_secrets()
    return configuration


def is_airflow_2() -> bool:
    return sys.modules["airflow"].__version__.startswith("2.")


def option(section: str, key: str) -> str:
    return repr(configuration().conf.get(section, key))


def backend(worker: bool) -> str:
    module = configuration()
    found = module.get_custom_secret_backend(**({"worker_mode": True} if worker and not is_airflow_2() else {}))
    return repr(found and found.kwargs)
