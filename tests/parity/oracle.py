"""Real Airflow as an oracle: cases in, what Airflow did out. Runs unchanged under Airflow 3.3.2 and 2.11.2.

JSON lines on stdin and stdout. The first line out names the versions. Then one answer for each case:

    case    {"context": "server"|"worker", "home": "/dir", "env": {NAME: value}, "kind": "connection"|"variable"|"config",
             "id": text, "deserialize_json": bool}
    answer  {"fatal": null|text, "fatal_in": null|module, "found_in": null|class, "connection": null|{...}, "value": null|{...},
             "error": null|text, "layers": [{"backend": class, "outcome": "found"|"absent"|"error", "error": null|text}], "notes": [text]}

The environment of a case is exactly `env`, with HOME and AIRFLOW_HOME set to `home` unless `env` has them; the working directory is `home`.
`fatal` is what would have stopped the process before the lookup ("Hang" where it would never have ended), and `fatal_in` where:
"airflow.configuration" (options, search path), "airflow.settings" (every sensitive option is read, to be masked in logs), "airflow" (airflow.cfg
is a folder, or its folder is missing), "airflow.sdk" (the worker's own search path; the four come in this order, also in a worker).
`error` is what the lookup raised, "Timeout" after ten seconds. A backend's error that Airflow swallowed is in its layer, and so is what it raised
over a connection that came back and could not be used. `value` is {"text": ...} for text, {"json": ...} for anything else and for what
`deserialize_json` made. Airflow 2 has no worker of its own: both contexts are one.
A connection has its fields, `extra` as it is stored, `extra_dejson`, and the `uri` that `get_uri()` gives. `encoding.py` says how values that JSON
does not have are written, `stand_ins.py` how a case names its servers. `notes` holds "kwargs dropped" where Airflow went on without any.
An `error` that begins with "oracle:" is a fault of the case or of this program. stderr holds Airflow's own talk and must be read or discarded.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from typing import Any, TextIO

TIME_LIMIT_SECONDS = 10


class Timeout(BaseException):
    """A case that took too long; no `except Exception` catches it."""


def private_streams() -> tuple[TextIO, TextIO]:
    """The protocol's own stdin and stdout: Airflow logs to fd 1, and a command it runs would read fd 0."""
    cases = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return cases, answers


def enter(home: str, variables: dict[str, str]) -> None:
    os.chdir(home)
    os.environ.clear()
    os.environ.update({"HOME": home, "AIRFLOW_HOME": home, **variables})


def stop_at_time_limit(*_: object) -> None:
    raise Timeout(f"no answer in {TIME_LIMIT_SECONDS} s")


def answer(airflow: Any, case: dict[str, Any]) -> dict[str, Any]:
    from encoding import describe

    told: dict[str, Any] = {
        "fatal": None, "fatal_in": None, "found_in": None, "connection": None, "value": None, "error": None, "layers": [], "notes": [],
    }  # fmt: skip
    try:
        enter(case["home"], case["env"])
        # Again every second, should a `finally` or a bare `except` have swallowed the first.
        signal.setitimer(signal.ITIMER_REAL, TIME_LIMIT_SECONDS, 1)
        told.update(airflow.answer(case))
    except Timeout:
        told["error"] = "Timeout"
    except BaseException as failure:
        traceback.print_exc()
        told["error"] = f"oracle: {describe(failure)}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return told


def main() -> None:
    cases, answers = private_streams()
    home = tempfile.mkdtemp(prefix="oracle-")
    try:
        # `_AIRFLOW__AS_LIBRARY` leaves out what needs a database and a log folder; neither decides what a secret is.
        enter(home, {"_AIRFLOW__AS_LIBRARY": "1", "PATH": os.defpath})
        import stand_ins

        stand_ins.before_airflow()
        import fresh_airflow

        airflow = fresh_airflow.Airflow()
        signal.signal(signal.SIGALRM, stop_at_time_limit)
        print(json.dumps(airflow.versions()), file=answers, flush=True)
        for line in cases:
            told = answer(airflow, json.loads(line))
            os.chdir(home)
            print(json.dumps(told, allow_nan=False), file=answers, flush=True)
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
