/** The traffic of a small shop: access lines in the combined format and PHP error lines, with bots,
 *  ordinary 404s and notices as noise. Everything is drawn from one seed and one clock: the same
 *  seed and the same seconds give the same lines. */

/** How the checkout behaves. */
export type Health = 'well' | 'broken'

/** Lines of one stretch, by file. */
export interface Lines {
  readonly access: string[]
  readonly php: string[]
}

interface Visit {
  readonly weight: number
  readonly method: string
  readonly path: (random: Random) => string
  readonly status: number
}
type Random = () => number

const checkoutPath = '/checkout/pay'
/** Share of checkout requests that the bad push breaks. */
const brokenShare = 0.6
/** One in so many requests fails for reasons that no push has anything to do with. */
const failureOneIn = 1_500
const warningOneIn = 120
const noticeOneIn = 60

const visits: readonly Visit[] = [
  {
    weight: 30,
    method: 'GET',
    path: (random) => `/product/${pick(random, 900) + 100}`,
    status: 200,
  },
  { weight: 16, method: 'GET', path: (random) => `/search?q=${word(random)}`, status: 200 },
  { weight: 14, method: 'GET', path: () => '/', status: 200 },
  { weight: 12, method: 'GET', path: (random) => `/static/app.${hex(random)}.js`, status: 304 },
  { weight: 8, method: 'POST', path: () => '/cart/add', status: 302 },
  { weight: 8, method: 'POST', path: () => checkoutPath, status: 200 },
  { weight: 4, method: 'GET', path: () => '/account/orders', status: 200 },
  { weight: 3, method: 'GET', path: () => '/favicon.ico', status: 404 },
  { weight: 2, method: 'GET', path: () => '/wp-login.php', status: 404 },
  { weight: 2, method: 'GET', path: (random) => `/product/${pick(random, 90)}/old`, status: 404 },
  { weight: 1, method: 'GET', path: () => '/robots.txt', status: 200 },
]
const totalWeight = visits.reduce((sum, visit) => sum + visit.weight, 0)

/** Set aside for documentation (RFC 5737): nobody's own address stands beside a break-in attempt. */
const networks = ['192.0.2', '198.51.100', '203.0.113'] as const
const browsers = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
] as const
const bots = [
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
] as const
const words = ['lamp', 'mug', 'scarf', 'ring', 'poster', 'candle', 'bowl', 'quilt'] as const
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export class Traffic {
  readonly #random: Random

  constructor(seed: number) {
    this.#random = mulberry32(seed)
  }

  /** Lines of some requests that were all answered within one second. @param second s, epoch. */
  requests(count: number, second: number, health: Health): Lines {
    const lines: Lines = { access: [], php: [] }
    for (let index = 0; index < count; index++) this.#request(second, health, lines)
    return lines
  }

  #request(second: number, health: Health, lines: Lines): void {
    const random = this.#random
    const visit = this.#visit()
    const path = visit.path(random)
    let status = visit.status
    if (path === checkoutPath && health === 'broken' && random() < brokenShare) {
      status = 500
      lines.php.push(...this.#fatal(second))
    } else if (random() * failureOneIn < 1) {
      status = 500
      lines.php.push(`[${phpTime(second)}] PHP Fatal error:  Maximum execution time of 30 seconds exceeded in /srv/shop/lib/Report.php on line ${pick(random, 40) + 200}`) // prettier-ignore
    }
    if (random() * warningOneIn < 1) {
      lines.php.push(`[${phpTime(second)}] PHP Warning:  Undefined array key "coupon" in /srv/shop/lib/Cart.php on line 88`) // prettier-ignore
    }
    if (random() * noticeOneIn < 1) {
      lines.php.push(`[${phpTime(second)}] PHP Deprecated:  Optional parameter before required one in /srv/shop/lib/Legacy.php on line 12`) // prettier-ignore
    }
    lines.access.push(this.#accessLine(second, `${visit.method} ${path}`, status))
  }

  #visit(): Visit {
    let at = this.#random() * totalWeight
    return visits.find((visit) => (at -= visit.weight) < 0) ?? (visits[0] as Visit)
  }

  #accessLine(second: number, request: string, status: number): string {
    const random = this.#random
    const client = `${networks[pick(random, networks.length)] ?? networks[0]}.${pick(random, 254) + 1}`
    const bytes = status === 304 ? '-' : String(pick(random, 40_000) + 400)
    const agents = random() < 0.08 ? bots : browsers
    const agent = agents[pick(random, agents.length)] ?? browsers[0]
    const referer = random() < 0.5 ? '-' : 'https://shop.example/'
    return `${client} - - [${clfTime(second)}] "${request} HTTP/1.1" ${status} ${bytes} "${referer}" "${agent}"`
  }

  /** What the bad push does: a type error with its stack. */
  #fatal(second: number): string[] {
    const order = pick(this.#random, 90_000) + 10_000
    return [
      `[${phpTime(second)}] PHP Fatal error:  Uncaught TypeError: Payment::charge(): Argument #2 ($amount) must be of type int, string given, called in /srv/shop/lib/Checkout.php on line 142 and defined in /srv/shop/lib/Payment.php:57`,
      'Stack trace:',
      `#0 /srv/shop/lib/Checkout.php(142): Payment->charge(${order}, '49.90')`,
      '#1 /srv/shop/public/index.php(31): Checkout->pay()',
      '#2 {main}',
      '  thrown in /srv/shop/lib/Payment.php on line 57',
    ]
  }
}

/** Uniform in [0, 1), from a 32-bit seed. Mulberry32, T. Ettinger, public domain. */
export function mulberry32(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function pick(random: Random, below: number): number {
  return Math.floor(random() * below)
}

function word(random: Random): string {
  return words[pick(random, words.length)] ?? words[0]
}

function hex(random: Random): string {
  return (pick(random, 8) + 0xa0).toString(16)
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** `23/Nov/2026:14:02:11 +0000` */
function clfTime(second: number): string {
  const at = new Date(second * 1_000)
  return `${two(at.getUTCDate())}/${months[at.getUTCMonth()]}/${at.getUTCFullYear()}:${timeOfDay(at)} +0000`
}

/** `23-Nov-2026 14:02:11 UTC` */
function phpTime(second: number): string {
  const at = new Date(second * 1_000)
  return `${two(at.getUTCDate())}-${months[at.getUTCMonth()]}-${at.getUTCFullYear()} ${timeOfDay(at)} UTC`
}

function timeOfDay(at: Date): string {
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`
}
