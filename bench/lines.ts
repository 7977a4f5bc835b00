/** Made lines of each log format that ships, for benchmarks of parsers: a busy hour, in which the same
 *  addresses, paths and messages come back, as they do in logs. Access lines are cut from the real
 *  sample where it is there. */
import { readFileSync } from 'node:fs'
import { realSample } from './logs.ts'

const agents = [
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36',
  'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:26.0) Gecko/20100101 Firefox/26.0',
  'curl/8.5.0',
]
const paths = ['/', '/cart?id=4711&ref=mail', '/articles/dynamic-dns-with-dhcp/', '/style2.css']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

interface Moment {
  /** Number of the line. */
  readonly n: number
  readonly client: string
  readonly day: string
  readonly month: string
  readonly clock: string
}

/** Five lines a second from a fixed day on. */
function momentOf(n: number): Moment {
  const at = new Date(Date.UTC(2026, 10, 23, 14) + n * 200)
  return {
    n,
    client: `10.${n % 7}.${n % 251}.${(n * 7) % 253}`,
    day: String(at.getUTCDate()).padStart(2, '0'),
    month: months[at.getUTCMonth()] ?? '',
    clock: at.toISOString().slice(11, 19),
  }
}

const pick = (from: readonly string[], n: number): string => from[n % from.length] ?? ''

const access = ({ n, client, day, month, clock }: Moment): string =>
  `${client} - - [${day}/${month}/2026:${clock} +0000] "GET ${pick(paths, n)} HTTP/1.1" ${n % 50 === 0 ? 502 : 200} ${(n * 37) % 90_000}`

const makers: Readonly<Record<string, (moment: Moment) => string>> = {
  apache_common: access,
  apache_combined: (moment) =>
    `${access(moment)} "http://shop.example.com/" "${pick(agents, moment.n)}"`,
  nginx_access: (moment) =>
    `${access(moment)} "https://shop.example.com/" "${pick(agents, moment.n)}" 0.${moment.n % 1_000} 0.${moment.n % 900} 10.0.0.5:9000`,
  apache_error: ({ n, client, day, clock }) =>
    `[Mon Nov ${day} ${clock}.${String(n % 1_000_000).padStart(6, '0')} 2026] [core:error] [pid ${8_000 + (n % 16)}:tid 140326490] (2)No such file or directory: [client ${client}:51234] AH00128: File does not exist: /var/www/html/a${n % 97}.html, referer: http://www.example.com/`,
  nginx_error: ({ n, client, day, clock }) =>
    `2026/11/${day} ${clock} [error] 123#456: *${n} connect() failed (111: Connection refused) while connecting to upstream, client: ${client}, server: shop.example.com, request: "GET ${pick(paths, n)} HTTP/1.1", upstream: "fastcgi://127.0.0.1:9000", host: "shop.example.com", referrer: "https://shop.example.com/"`,
  php_error: ({ n, day, month, clock }) => {
    const head = `[${day}-${month}-2026 ${clock} UTC] PHP`
    if (n % 20 !== 0) return `${head} Warning:  Undefined variable $x${n % 31} in /srv/www/shop/a.php on line ${n % 400}` // prettier-ignore
    return `${head} Fatal error:  Uncaught Exception: no such cart ${n} in /srv/a/b.php:12\nStack trace:\n#0 /srv/a/index.php(3): load()\n#1 {main}\n  thrown in /srv/a/b.php on line 12`
  },
}

/** The parsers that there are lines for. */
export const lineKinds = Object.keys(makers)

/** Whole lines of a format, at least so many bytes. */
export function linesOf(kind: string, bytesMin: number): Buffer {
  const real = realSample()
  if (real !== null && kind === 'apache_combined') return repeated(readFileSync(real), bytesMin)
  const make = makers[kind]
  if (make === undefined) throw new Error(`no lines of ${kind}`)
  const lines: string[] = []
  for (let n = 0, bytes = 0; bytes < bytesMin; n++) {
    const line = `${make(momentOf(n))}\n`
    bytes += line.length
    lines.push(line)
  }
  return Buffer.from(lines.join(''))
}

function repeated(sample: Buffer, bytesMin: number): Buffer {
  const text = sample.at(-1) === 10 ? sample : Buffer.concat([sample, Buffer.from('\n')])
  return Buffer.concat(new Array<Buffer>(Math.ceil(bytesMin / text.length)).fill(text))
}
