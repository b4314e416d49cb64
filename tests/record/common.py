"""What the recorders share: real Airflow asked case by case, a server that notes what it was sent, and files written as they stand.

A recorder is a module with `FILE`, the name of its file in `tests/data`, and `record(text)`, which takes what the file holds, asks the real library
again for every input in it, and gives the new text. `record` runs in the Python that runs `tests/record/run`; what it hands to `ask` runs in the
Python of an Airflow release, each case in a process of its own, where nothing of an earlier case is left.
"""

from __future__ import annotations

import errno
import gc
import http.server
import importlib
import ipaddress
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from typing import Any, Callable, Iterable

import installations

HERE = os.path.dirname(os.path.abspath(__file__))
# The home folder of the recordings; each case has one of its own.
HOME = "/home/airflow"


# ---- asking ----


def ask(release: str, observe: Callable[[Any], Any], cases: Iterable[Any], package: str | None = None) -> list[Any]:
    """What `observe` answers to each case, in the Python of a release and a process a case. Its module's `prepare`, where it has one, runs first.

    `package` is one, with its version, that is imported instead of the release's own. The environment is `surroundings` and nothing else; the working
    directory is HOME, an empty folder. Nothing but loopback is reached.
    """
    home = tempfile.mkdtemp(prefix="record-")
    try:
        asked = json.dumps({"module": observe.__module__, "observe": observe.__name__, "cases": list(cases)})
        command = [installations.python(release), os.path.join(HERE, "common.py")]
        environment = surroundings(home)
        if release in installations.PARITY:
            # They lack what Airflow's database and log folder need, which decide nothing here.
            environment["_AIRFLOW__AS_LIBRARY"] = "1"
        if package is not None:
            environment["PYTHONPATH"] = installations.laid_over(package)
        done = subprocess.run(command, input=asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=home, env=environment)
        if done.returncode != 0:
            raise SystemExit(f"{observe.__module__} in {release}:\n{done.stderr[-4000:]}")
        return json.loads(done.stdout)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def surroundings(home: str) -> dict[str, str]:
    """The environment in which every library is asked."""
    return {
        "HOME": home,
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PATH": "/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONWARNINGS": "ignore",
        # A cloud's libraries look for the machine's own account otherwise, which takes them seconds.
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_GCE_CHECK": "true",
    }


def answer_all(asked: dict[str, Any]) -> list[Any]:
    """The other side of `ask`."""
    sys.addaudithook(stay_on_this_machine)
    module = importlib.import_module(asked["module"])
    getattr(module, "prepare", lambda: None)()
    observe = getattr(module, asked["observe"])
    gc.freeze()  # looking through what has been imported would copy it in every child
    return [in_a_child(observe, case) for case in asked["cases"]]


def in_a_child(observe: Callable[[Any], Any], case: Any) -> Any:
    """`observe(case)` in a fork with an empty home folder."""
    home = tempfile.mkdtemp(prefix="case-", dir=os.environ["HOME"])
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.chdir(home)
            os.environ.update({"HOME": home, "AIRFLOW_HOME": home})
            with os.fdopen(writing, "w", encoding="utf-8") as pipe:
                json.dump(observe(case), pipe)
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    shutil.rmtree(home, ignore_errors=True)
    if status != 0:
        raise SystemExit(f"no answer to {json.dumps(case)[:1000]}")
    return json.loads(answer)


def stay_on_this_machine(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: everything but loopback is unreachable, as on a machine without a network."""
    if event == "socket.getaddrinfo" and not is_of_this_machine(arguments[0]):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if event == "socket.connect" and isinstance(arguments[1], tuple) and not is_of_this_machine(arguments[1][0]):
        raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))


def is_of_this_machine(host: Any) -> bool:
    host = host.decode() if isinstance(host, bytes) else host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in (None, "", "localhost")


# ---- a server ----


class StandIn:
    """An HTTP server on a free port of 127.0.0.1 that notes each request and answers what `answer(request)` says: status, headers, body."""

    def __init__(self, answer: Callable[[dict[str, Any]], tuple[int, dict[str, str], str]]) -> None:
        self.requests: list[dict[str, Any]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_request(handler) -> None:
                body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0)).decode()
                request = {"method": handler.command, "path": handler.path, "headers": dict(handler.headers.items()), "body": body}
                self.requests.append(request)
                status, headers, text = answer(request)
                handler.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text.encode()))}.items():
                    handler.send_header(name, value)
                handler.end_headers()
                handler.wfile.write(text.encode())

            do_GET = do_POST = do_PUT = do_HEAD = handle_request

            def log_message(handler, *_: Any) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{server.server_port}"
        self.url = f"http://{self.address}"
        threading.Thread(target=server.serve_forever, daemon=True).start()


def answer_json(status: int, content: Any) -> tuple[int, dict[str, str], str]:
    return status, {"Content-Type": "application/json"}, json.dumps(content)


# ---- values ----


def replaced(value: Any, texts: dict[str, str]) -> Any:
    """`value` with each of `texts` put in the place of its key, in keys and values at any depth."""
    if isinstance(value, str):
        for old, new in texts.items():
            value = value.replace(old, new)
        return value
    if isinstance(value, list):
        return [replaced(item, texts) for item in value]
    if isinstance(value, dict):
        return {replaced(key, texts): replaced(item, texts) for key, item in value.items()}
    return value


def outcome(act: Callable[[], Any]) -> dict[str, Any]:
    """`{"result": ...}` or `{"exception": "module.Type: text"}`."""
    try:
        return {"result": act()}
    except Exception as failure:
        return {"exception": f"{type(failure).__module__}.{type(failure).__name__}: {failure}"}


def settled(new: Any, old: Any, volatile: re.Pattern[str]) -> Any:
    """`new`, with the texts of `old` where the two differ only in what is another at each run, such as a signature."""
    if isinstance(new, dict) and isinstance(old, dict):
        return {key: settled(value, old.get(key), volatile) for key, value in new.items()}
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        return [settled(one, other, volatile) for one, other in zip(new, old)]
    if isinstance(new, str) and isinstance(old, str) and volatile.sub("…", new) == volatile.sub("…", old):
        return old
    return new


# ---- files ----


def indented(value: Any, like: str) -> str:
    """JSON with one blank a level, and a line break at the end where `like` has one."""
    return json.dumps(value, indent=1) + ("\n" if like.endswith("\n") else "")


def lines(values: Iterable[Any], ensure_ascii: bool = True) -> str:
    """JSON Lines."""
    return "".join(json.dumps(value, ensure_ascii=ensure_ascii) + "\n" for value in values)


def parsed_lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.split("\n") if line]


def line_a_case(document: dict[str, Any], cases: str) -> str:
    """An object with a line for each of its members, and one for each case in the last of them."""
    members = [f" {json.dumps(name)}: {json.dumps(value)},\n" for name, value in document.items() if name != cases]
    rows = ",\n".join("  " + json.dumps(case) for case in document[cases])
    return "{\n" + "".join(members) + f" {json.dumps(cases)}: [\n{rows}\n ]\n}}\n"


def main() -> None:
    """Reads what `ask` asks from stdin; the answers go to the real stdout, and whatever Airflow prints to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    json.dump(answer_all(json.load(sys.stdin)), answers)
    answers.close()


if __name__ == "__main__":
    # The recorders import this module by its name, and it must be there but once.
    sys.modules["common"] = sys.modules["__main__"]
    main()
