/** What a user would write in an afternoon: readline, one RegExp with named groups, a Map. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

const pattern =
  /^(?<client>\S+) (?<ident>\S+) (?<user>\S+) \[(?<time>[^\]]+)\] "(?<request>(?:[^"\\]|\\.)*)" (?<status>\d{3}) (?<bytes>\d+|-) "(?<referer>(?:[^"\\]|\\.)*)" "(?<agent>(?:[^"\\]|\\.)*)"$/
const counts = new Map()
for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) {
  const status = pattern.exec(line)?.groups.status ?? 'unparsed'
  counts.set(status, (counts.get(status) ?? 0) + 1)
}
console.log(JSON.stringify(Object.fromEntries(counts)))
