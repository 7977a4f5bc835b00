/** A PHP error log as a user's script would read it: readline and two RegExps, counts by level. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

const goesOn =
  /^(?:Stack trace:|#\d+ |Next |\s|[^[].* in .+(?::| on line )\d+$|(?:\[[^\]]+\] )?PHP (?:Stack trace:| *\d+\. ))/
const head =
  /^\[(?<time>\d\d-[A-Z][a-z]{2}-\d{4} [^\]]+)\] (?:PHP (?<level>[A-Z][A-Za-z ]+): +|(?<fpm>DEBUG|NOTICE|WARNING|ERROR|ALERT): )?(?<message>.*?)(?: in (?<file>\/.*?)(?::| on line )(?<line>\d+))?$/
const levels = {
  'Fatal error': 'crit',
  'Recoverable fatal error': 'crit',
  'Parse error': 'crit',
  Warning: 'warn',
  Notice: 'notice',
  Deprecated: 'notice',
  'Strict Standards': 'notice',
  DEBUG: 'debug',
  NOTICE: 'notice',
  WARNING: 'warn',
}

const counts = {}
let [unparsed, continued, open] = [0, 0, false]
for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) {
  if (open && goesOn.test(line)) {
    continued++
    continue
  }
  const fields = head.exec(line)?.groups
  open = fields !== undefined
  if (!open) {
    unparsed++
    continue
  }
  const level = levels[fields.level ?? fields.fpm] ?? 'none'
  counts[level] = (counts[level] ?? 0) + 1
}
console.log(JSON.stringify({ counts, unparsed, continued }))
