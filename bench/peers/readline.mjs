/** What a user would write in an afternoon: readline, one RegExp with named groups, a Map. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

const pattern =
  /^(?<client>\S+) (?<ident>\S+) (?<user>\S+) \[(?<time>[^\]]+)\] "(?<method>\S+) (?<path>\S+) (?<protocol>[^"]+)" (?<status>\d{3}) (?<bytes>\d+|-) "(?<referer>[^"]*)" "(?<agent>[^"]*)"$/
const panes = new Map()
let unparsed = 0
for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) {
  const fields = pattern.exec(line)?.groups
  if (fields === undefined) {
    unparsed++
    continue
  }
  // But for its last digit of seconds and its zone: ten seconds.
  const pane = fields.time.slice(0, 19)
  let statuses = panes.get(pane)
  if (statuses === undefined) panes.set(pane, (statuses = new Map()))
  statuses.set(fields.status, (statuses.get(fields.status) ?? 0) + 1)
}

const counts = {}
for (const statuses of panes.values()) {
  for (const [status, count] of statuses) counts[status] = (counts[status] ?? 0) + count
}
console.log(JSON.stringify({ counts, unparsed, panes: panes.size }))
