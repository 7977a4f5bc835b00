"""JSON logs as a user's script would read them: json.loads on every line, counts by level."""

import json
import sys

PINO = {10: "debug", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "crit"}


def main(path):
    counts = {}
    unparsed = 0
    with open(path, encoding="utf-8") as log:
        for line in log:
            try:
                event = json.loads(line)
            except ValueError:
                unparsed += 1
                continue
            named = event["level"] if "level" in event else event["log.level"]
            level = PINO.get(named) or named.lower()
            counts[level] = counts.get(level, 0) + 1
    print(json.dumps({"counts": counts, "unparsed": unparsed}))


main(sys.argv[1])
