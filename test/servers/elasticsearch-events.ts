/** 20,000 events as a shop's logs give them, and 50 questions that people ask of such. */
import { eventId } from '../../src/model/event.ts'
import type { EventDocument } from '../../src/store/events.ts'

const start = Date.UTC(2026, 9, 31, 22)
const paths = ['/', '/cart', '/checkout', '/api/v1/orders', '/assets/app.js', '/A/B']
const agents = ['Mozilla/5.0 (X11; Linux)', 'curl/8.5.0', '']
const messages = [
  'Upstream timed out (110: Connection timed-out) while reading',
  'PHP Fatal error: Call to undefined method Cart::total() in /var/www/app/Cart.php:12',
  'Größe überschritten für Käufer',
  'connection to db-3.example.com:5432 refused',
  'out of memory: killed process 4711',
]

/** Always the same ones: a third has no message, some have a stack, two files and a topic. */
export function shopEvents(count: number): EventDocument[] {
  let state = 42
  const pick = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * below)
  }
  return Array.from({ length: count }, (_, position) => {
    const partition = ['/var/log/nginx/access.log', '/var/log/php.log', 'errors/3'][pick(3)] ?? ''
    const status = [200, 404, 500, 502, 503][pick(5)] ?? 200
    const message = pick(3) === 0 ? undefined : `${messages[pick(5)] ?? ''} #${pick(200)}`
    const path = `${paths[pick(6)] ?? '/'}${pick(4) === 0 ? `?id=${pick(500)}` : ''}`
    const level = ['error', 'crit', 'warn', null][pick(4)] ?? null
    const service = ['web', 'api', null][pick(3)] ?? null
    const fields: Record<string, string | number> = {
      path,
      status,
      agent: agents[pick(3)] ?? '',
      duration_ms: pick(100_000) / 100,
      client: `10.0.${pick(4)}.${pick(250)}`,
      ...(message === undefined ? {} : { message }),
      ...(level === null ? {} : { level }),
    }
    return {
      id: eventId(partition, position),
      time: start + Math.floor(position / 7) * 3_000,
      service,
      env: pick(10) === 0 ? 'staging' : 'production',
      source: 'logs',
      partition,
      position,
      level,
      status,
      signature: message === undefined ? null : `s${pick(20)}`,
      sha: pick(20) === 0 ? '3b77d0c5ae' : null,
      text: `10.0.0.1 - - "GET ${path}" ${status} line ${position % 977}`,
      stack: pick(9) === 0 ? '#0 /var/www/app/Cart.php(12): total()\n#1 {main}' : null,
      fields,
    }
  })
}

export const questions: readonly string[] = [
  '*',
  'status:500',
  'status:[500 TO 599]',
  'status:{500 TO 503}',
  'status:>=503',
  'status:5?3',
  'status:5*',
  'NOT status:200',
  'level:error',
  'level:(error OR crit)',
  'level:ERROR',
  'NOT level:*',
  'service:web',
  'service:web AND env:staging',
  'NOT service:*',
  'env:prod*',
  'path:/checkout',
  'path:/api/*',
  'path:/a/b',
  'path:/A/B',
  'path:*?id=4?',
  String.raw`path:*\?id=4*`,
  'path:[/b TO /d]',
  'path:>/checkout',
  'agent:"Mozilla/5.0 (X11; Linux)"',
  'agent:""',
  'agent:*linux*',
  'agent:*Linux*',
  'duration_ms:>999',
  'duration_ms:[0.5 TO 1.5]',
  'duration_ms:<0.05',
  'client:10.0.3.*',
  'client:10.0.0.7',
  'time:>=2026-11-01T00:00:00Z',
  'time:[2026-10-31T23:59:00Z TO 2026-11-01T00:01:00Z}',
  'timed',
  'TIMED-OUT',
  '"timed out"',
  '"out timed"',
  'größe',
  'GRÖSSE',
  'k*fer',
  'undefined AND cart',
  '"call to undefined"',
  'message:refused OR message:memory',
  'line',
  '"line 42"',
  'conn* AND NOT refused',
  'sha:3b77d0c5ae AND signature:s1',
  '(status:500 OR status:502) AND NOT path:/assets/* AND upstream',
]
