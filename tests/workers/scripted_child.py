"""A child that says and does what its plan tells it: `python scripted_child.py PLAN.json`.

Steps: {"say": event} {"print": text} {"complain": text} {"sleep": seconds} {"exit": code} {"kill": signal}
{"on_term": "save" (say a word and leave with 75) | "ignore"} {"grandchild": file for its pid} {"close": true}
{"note": file for the own pid}
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def say(event: dict[str, Any]) -> None:
    print(json.dumps(event), flush=True)


def save_and_leave(*_: Any) -> None:
    say({"event": "progress", "current": 99, "max": 100})
    os._exit(75)


def do(step: dict[str, Any]) -> None:
    (name, value), *_ = step.items()
    match name:
        case "say":
            say(value)
        case "print":
            print(value, flush=True)
        case "complain":
            print(value, file=sys.stderr, flush=True)
        case "sleep":
            time.sleep(value)
        case "exit":
            sys.exit(value)
        case "kill":
            os.kill(os.getpid(), value)
        case "on_term":
            signal.signal(signal.SIGTERM, save_and_leave if value == "save" else signal.SIG_IGN)
        case "grandchild":
            other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
            Path(value).write_text(str(other.pid))
        case "close":
            os.close(1)
        case "note":
            Path(value).write_text(str(os.getpid()))


for one in json.loads(Path(sys.argv[1]).read_text())["steps"]:
    do(one)
