"""A PHP error log as a user's script would read it: two regular expressions, counts by level."""

import json
import re
import sys

GOES_ON = re.compile(
    r"Stack trace:|#\d+ |Next |\s|[^\[].* in .+(?::| on line )\d+$"
    r"|(?:\[[^\]]+\] )?PHP (?:Stack trace:| *\d+\. )"
)
HEAD = re.compile(
    r"\[(?P<time>\d\d-[A-Z][a-z]{2}-\d{4} [^\]]+)\] "
    r"(?:PHP (?P<level>[A-Z][A-Za-z ]+): +|(?P<fpm>DEBUG|NOTICE|WARNING|ERROR|ALERT): )?"
    r"(?P<message>.*?)(?: in (?P<file>/.*?)(?::| on line )(?P<line>\d+))?$"
)
LEVELS = {
    "Fatal error": "crit",
    "Recoverable fatal error": "crit",
    "Parse error": "crit",
    "Warning": "warn",
    "Notice": "notice",
    "Deprecated": "notice",
    "Strict Standards": "notice",
    "DEBUG": "debug",
    "NOTICE": "notice",
    "WARNING": "warn",
}


def main(path):
    counts = {}
    unparsed = continued = 0
    is_open = False
    with open(path, encoding="latin-1", newline="\n") as log:
        for line in log:
            line = line.rstrip("\n")
            if is_open and GOES_ON.match(line):
                continued += 1
                continue
            match = HEAD.match(line)
            is_open = match is not None
            if match is None:
                unparsed += 1
                continue
            fields = match.groupdict()
            level = LEVELS.get(fields["level"] or fields["fpm"], "none")
            counts[level] = counts.get(level, 0) + 1
    print(json.dumps({"counts": counts, "unparsed": unparsed, "continued": continued}))


main(sys.argv[1])
