// The access log with Go's regexp, which mtail and the Prometheus log exporters run on as well: one
// pattern with a group for every field, a scanner over lines, a map of counts.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"regexp"
)

var combined = regexp.MustCompile(`^(?P<client>\S+) (?P<ident>\S+) (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>\S+) (?P<path>\S+) (?P<protocol>[^"]+)" (?P<status>\d{3}) (?P<bytes>\d+|-) "(?P<referer>[^"]*)" "(?P<agent>[^"]*)"$`)

const lineBytesMax = 1 << 20

type paneStatus struct {
	// The time but for its last digit of seconds and its zone: ten seconds.
	pane   [19]byte
	status [3]byte
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: access-go FILE")
	}
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	time, status := 2*combined.SubexpIndex("time"), 2*combined.SubexpIndex("status")
	counts := map[paneStatus]int{}
	unparsed := 0
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 64<<10), lineBytesMax)
	for lines.Scan() {
		line := lines.Bytes()
		at := combined.FindSubmatchIndex(line)
		if at == nil || at[time+1]-at[time] < 20 {
			unparsed++
			continue
		}
		var key paneStatus
		copy(key.pane[:], line[at[time]:])
		copy(key.status[:], line[at[status]:])
		counts[key]++
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	statuses, panes := map[string]int{}, map[[19]byte]bool{}
	for key, count := range counts {
		statuses[string(key.status[:])] += count
		panes[key.pane] = true
	}
	told := map[string]any{"counts": statuses, "unparsed": unparsed, "panes": len(panes)}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		log.Fatal(err)
	}
}
