/** JSON logs as a user's script would read them: readline, JSON.parse, counts by level. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

const pino = { 10: 'debug', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'crit' }
const counts = {}
let unparsed = 0
for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) {
  try {
    const event = JSON.parse(line)
    const named = event.level ?? event['log.level']
    const level = pino[named] ?? named.toLowerCase()
    counts[level] = (counts[level] ?? 0) + 1
  } catch {
    unparsed++
  }
}
console.log(JSON.stringify({ counts, unparsed }))
