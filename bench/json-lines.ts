/** Lines of JSON logs as common loggers write them. Pure: the same arguments give the same lines.
 *  */
import { mulberry32 } from '../src/demo/traffic.ts'

/** 2026-11-23T00:00:00Z. */
const fromMs = 1_795_392_000_000
const linesPerMs = 2
const blockLinesMax = 4_096
/** One in so many lines is cut off. */
const cutEvery = 10_000

type Random = () => number
type Logger = (ms: number, random: Random) => object

const paths = ['/', '/cart', '/checkout/pay', '/login', '/search', '/account/orders'] as const

/** pino behind an HTTP server: numbers as levels, the request as an object. */
const pino: Logger = (ms, random) => ({
  level: 30,
  time: ms,
  pid: 4711,
  hostname: 'web1',
  reqId: `req-${below(random, 100_000)}`,
  req: { method: 'GET', url: paths[below(random, paths.length)], remoteAddress: '192.0.2.7' },
  res: { statusCode: 200 },
  responseTime: below(random, 90_000) / 1_000,
  msg: 'request completed',
})

const pinoError: Logger = (ms, random) => ({
  level: 50,
  time: ms,
  pid: 4711,
  hostname: 'web1',
  err: {
    type: 'TypeError',
    message: 'order is undefined',
    stack: `TypeError: order is undefined\n    at pay (/srv/shop/pay.js:${below(random, 900)}:11)\n    at handle (/srv/shop/server.js:31:5)`,
  },
  msg: `payment ${below(random, 100_000)} failed`,
})

/** The ECS loggers: names with dots, objects within objects. */
const ecs: Logger = (ms, random) => ({
  '@timestamp': new Date(ms).toISOString(),
  'log.level': random() < 0.2 ? 'WARN' : 'INFO',
  message: `cart ${below(random, 10_000)} "checked" in 12 ms`,
  service: { name: 'shop', environment: 'production' },
  http: { request: { method: 'POST' }, response: { status_code: 201 } },
  url: { path: paths[below(random, paths.length)], query: 'id=7' },
})

/** zap. */
const zap: Logger = (ms, random) => ({
  level: random() < 0.1 ? 'error' : 'debug',
  ts: ms / 1_000,
  caller: 'store/cart.go:118',
  msg: 'cache looked up',
  key: `cart:${below(random, 10_000)}`,
  hit: random() < 0.5,
})

const loggers = [pino, ecs, pino, zap, pino, ecs, pino, pinoError] as const

/** @yields Some thousand lines at a time, each with its newline. */
export function* jsonLog(lines: number): Generator<string> {
  const random = mulberry32(7)
  for (let written = 0; written < lines;) {
    let text = ''
    for (const end = Math.min(lines, written + blockLinesMax); written < end; written++) {
      const logger = loggers[written % loggers.length] ?? pino
      const line = JSON.stringify(logger(fromMs + Math.floor(written / linesPerMs), random))
      text += `${written % cutEvery === cutEvery - 1 ? line.slice(0, -5) : line}\n`
    }
    yield text
  }
}

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit)
}
