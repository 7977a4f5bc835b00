"""The access log as Logster's parsers read it: one re.match a line, its named groups as a dict."""

import json
import re
import sys

PATTERN = re.compile(
    r'^(?P<client>\S+) (?P<ident>\S+) (?P<user>\S+) \[(?P<time>[^\]]+)\] '
    r'"(?P<method>\S+) (?P<path>\S+) (?P<protocol>[^"]+)" (?P<status>\d{3}) (?P<bytes>\d+|-) '
    r'"(?P<referer>[^"]*)" "(?P<agent>[^"]*)"$'
)


def main(path):
    counts = {}
    unparsed = 0
    with open(path, encoding="latin-1", newline="\n") as log:
        for line in log:
            match = PATTERN.match(line)
            if match is None:
                unparsed += 1
                continue
            fields = match.groupdict()
            # But for its last digit of seconds and its zone: ten seconds.
            key = fields["time"][:19], fields["status"]
            counts[key] = counts.get(key, 0) + 1
    statuses = {}
    for (_, status), count in counts.items():
        statuses[status] = statuses.get(status, 0) + count
    panes = len({pane for pane, _ in counts})
    print(json.dumps({"counts": statuses, "unparsed": unparsed, "panes": panes}))


main(sys.argv[1])
