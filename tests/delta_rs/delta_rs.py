"""delta-rs behind JSON lines: a request `{"command": NAME, ...arguments}` on standard input, an answer `{"result": ...}` or
`{"error": TEXT}` on standard output for each, until the input ends. `table` is a folder; values of rows are as portable.py says.
"""

import json
import sys

import reading
import writing

COMMANDS = {
    name: function
    for module in (reading, writing)
    for name, function in vars(module).items()
    if getattr(function, "__module__", None) == module.__name__ and callable(function) and not name.startswith("_")
}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"result": COMMANDS[request.pop("command")](**request)}
    except BaseException as error:  # a panic of the library is no Exception
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
