/** What the browser test's server answers: an hour of ordinary noise, a bad push, its alert, then
 *  the fix. Some texts are hostile, as log lines and deploy reports may be. */
import type { Alert } from '../../src/model/alert.ts'
import type { Deploy } from '../../src/model/deploy.ts'
import type { Verdict, VerdictItem } from '../../src/model/verdict.ts'
import type { Events, FoundEvent, Rates, SourceStatus, Status } from '../../src/server/view.ts'

export const badSha = '3b77d0c5ae11f0a2c9d6e4b85a7f31c20d9e8b46'
export const fixSha = 'c41d9e02b7a6653f8e10d2c94ba7715e03f6a8d2'
export const goodSha = '8fe1c02a91d4be6f7a30c5d218e9b746f05a3c1d'

export const scriptLine = '<script>alert(1)</script> in /var/www/app/src/Cart.php on line 12'
export const imageName = '"><img src=x onerror=alert(1)>'
export const bidiLine = 'user=\u202egnp.exe\u202c paid \u0007\u200btwice'

/** failing: the bad push is 160 s old; fixed: so is its fix, by 40 s; empty: a new installation. */
export type Scenario = 'failing' | 'fixed' | 'empty' | 'broken'

const iso = (ms: number) => new Date(ms).toISOString()
const second = (ms: number) => Math.floor(ms / 1_000) * 1_000

/** Everything the API says about one scenario whose present is `nowMs`. */
export class Story {
  readonly #bad: number
  readonly #now: number

  constructor(nowMs: number) {
    this.#now = second(nowMs)
    this.#bad = this.#now - 160_000
  }

  deploys(scenario: Scenario): Deploy[] {
    if (scenario === 'empty') return []
    const pushes = [
      deploy('d1', 'e1aa03b7c2', 'web', 'dana', this.#now - 51 * 60_000),
      deploy('d2', '77ab3fe9d01c', 'api', 'carol', this.#now - 12.6 * 60_000),
      deploy('d3', 'release-2026.02.3', null, imageName, this.#now - 12.2 * 60_000),
      deploy('d4', goodSha, 'web', 'bob', this.#now - 11.9 * 60_000),
      { ...deploy('d5', badSha, 'web', 'alice', this.#bad), previous: goodSha },
    ]
    if (scenario === 'fixed') {
      const fix = deploy('d6', fixSha, 'web', 'bob', this.#now - 40_000)
      pushes.push({ ...fix, previous: badSha, url: 'https://git.example.com/web/commit/c41d9e02' })
    }
    return pushes
  }

  alerts(scenario: Scenario): Alert[] {
    if (scenario === 'empty') return []
    const fixed = scenario === 'fixed'
    const over = { state: 'resolved', endsAt: iso(this.#now - 25_000), fixedBy: fixSha } as const
    return [
      {
        ...alert('errors-after-push', { service: 'web', env: 'production' }, this.#bad + 14_000),
        sha: badSha,
        deploy: 'd5',
        value: 14.2,
        threshold: 1,
        summary: 'Errors of web are 14 times what they were before the push',
        samples: [
          `2026/02/03 14:03:05 [error] 1187#0: *88213 FastCGI sent in stderr: "${scriptLine}"`,
        ],
        ...(fixed ? over : {}),
      },
      {
        ...alert('new-signature', { service: 'web', signature: 'a81f03c2' }, this.#bad + 9_000),
        sha: badSha,
        deploy: 'd5',
        summary: `Never seen before: Undefined array key ${imageName}`,
        samples: [bidiLine],
        ...(fixed ? over : {}),
      },
      {
        ...alert('slow-upstream', { service: 'api' }, this.#now - 31 * 60_000),
        state: 'resolved',
        endsAt: iso(this.#now - 27 * 60_000),
        value: 2_310,
        threshold: 1_500,
        summary: 'Upstream timeouts of api above their limit',
      },
    ]
  }

  verdict(scenario: Scenario, id: string): Verdict {
    const found = this.deploys(scenario).find((deploy) => deploy.id === id) ?? null
    const seconds = found === null ? 0 : (this.#now - Date.parse(found.start)) / 1_000
    const items = id === 'd5' || id === 'd6' ? verdictItems(id === 'd6', seconds) : []
    return { deploy: found, state: 'open', sources: [], items }
  }

  status(scenario: Scenario): Pick<Status, 'version' | 'sources'> {
    const sources = [
      source('/var/log/nginx/access.log', 1),
      source('/var/log/nginx/error.log', 2),
      source('/var/log/php/error.log', 94),
    ]
    return { version: '0.1.0', sources: scenario === 'empty' ? [] : sources }
  }

  /** 120 events, the first two of them hostile; nothing for any query but `cart`. */
  events(q: string, limit: number): Events {
    if (q !== 'cart') return { events: [], total: 0, next: null }
    const texts = [scriptLine, bidiLine]
    const all = Array.from({ length: 120 }, (_, n) =>
      found(n, this.#now - n * 1_000, texts[n] ?? `Undefined array key ${n} in Cart.php`),
    )
    const next = limit < all.length ? 'older' : null
    return { events: all.slice(0, limit), total: all.length, next }
  }

  /** Counts a step: about 300 requests and 0.8 errors a second, forty times that while bad. */
  rates(scenario: Scenario, fromMs: number, toMs: number, step: number): Rates {
    const times: number[] = []
    const requests: number[] = []
    const errors: number[] = []
    for (let at = fromMs / 1_000; at < toMs / 1_000; at += step) {
      const known = scenario !== 'empty' && at * 1_000 > this.#now - 3_600_000
      const wave = 300 + 18 * Math.sin(at / 170) + 22 * (noise(at) - 0.5)
      const since = at - this.#bad / 1_000
      const until = scenario === 'fixed' ? (this.#now - 36_000) / 1_000 : Infinity
      const bad = since >= 0 && at < until ? 32 * Math.min(1, (since + step) / 25) : 0
      times.push(at)
      requests.push(known ? Math.round(wave * step) : 0)
      errors.push(
        known ? Math.round((0.3 + noise(at + 7) + bad * (0.85 + 0.3 * noise(at))) * step) : 0,
      )
    }
    return { from: iso(fromMs), to: iso(toMs), step, times, requests, errors }
  }
}

function source(partition: string, lagSeconds: number): SourceStatus {
  return {
    name: 'logs',
    partition,
    parser: null,
    service: 'web',
    env: 'production',
    lines: 0,
    events: 0,
    continued: 0,
    unparsed: 0,
    late: 0,
    lagSeconds,
    reading: null,
    watermark: null,
    fault: null,
    unparsedSamples: [],
  }
}

function found(position: number, time: number, text: string): FoundEvent {
  return {
    id: `php.log@${position}`,
    time: iso(time),
    service: 'web',
    env: 'production',
    source: 'php',
    partition: 'php.log',
    position,
    level: 'error',
    status: null,
    signature: null,
    sha: badSha,
    deploy: 'd5',
    text,
    stack: position === 0 ? `#0 ${imageName}\n#1 {main}` : null,
    fields: {},
  }
}

/** Repeatable noise in [0, 1). */
function noise(seed: number): number {
  const value = Math.sin(seed * 12.9898) * 43_758.5453
  return value - Math.floor(value)
}

function deploy(
  id: string,
  sha: string,
  service: string | null,
  by: string,
  start: number,
): Deploy {
  return {
    id,
    sha,
    previous: null,
    env: 'production',
    service,
    by,
    url: id === 'd3' ? 'javascript:alert(1)' : null,
    start: iso(second(start)),
    end: iso(second(start) + 4_000),
    kind: 'push',
    status: 'done',
  }
}

function alert(rule: string, labels: Record<string, string>, startsAt: number): Alert {
  return {
    rule,
    labels,
    state: 'firing',
    acknowledged: false,
    muted: false,
    nodata: false,
    startsAt: iso(startsAt),
    endsAt: null,
    sha: null,
    deploy: null,
    fixedBy: null,
    suspects: [],
    value: null,
    threshold: null,
    summary: '',
    samples: [],
    fingerprint: `${rule}-${startsAt}`,
  }
}

function verdictItems(fixed: boolean, seconds: number): VerdictItem[] {
  const item = (id: string, before: number, after: number, rest: Partial<VerdictItem>) =>
    ({
      kind: 'signature',
      id,
      template: null,
      class: 'same',
      reason: null,
      before: { count: before, exposure: 540, seconds: 540 },
      after: { count: after, exposure: seconds, seconds },
      ratio: before === 0 ? null : after / seconds / (before / 540),
      interval: null,
      evidence: 0.3,
      firstSeen: null,
      sample: null,
      ...rest,
    }) satisfies VerdictItem
  const cart = 'PHP Warning:  Undefined array key "<str>" in <path> on line <num>'
  if (fixed) {
    return [
      item('a81f03c2', 4_118, 0, { class: 'fixed', template: cart, evidence: 4.1e11, ratio: 0 }),
      item('500', 4_404, 9, {
        kind: 'status',
        class: 'better',
        evidence: 8.8e9,
        interval: [0.02, 0.05],
      }),
      item('200', 161_000, 11_900, { kind: 'status' }),
    ]
  }
  return [
    item('a81f03c2', 0, 4_118, {
      class: 'new',
      template: cart,
      evidence: 2.1e6,
      sample: scriptLine,
    }),
    item('c0ffee02', 0, 3, {
      class: 'new',
      template: `Uncaught TypeError: ${imageName}`,
      evidence: 23,
      sample: bidiLine,
    }),
    item('500', 112, 470, {
      kind: 'status',
      class: 'worse',
      evidence: 34_000,
      interval: [11.6, 17.4],
    }),
    item('77d1', 45, 61, {
      class: 'worse',
      template: 'upstream timed out (<num>: Connection timed out) while reading response header',
      evidence: 41,
      interval: [3.1, 6.7],
      sample:
        '2026/02/03 14:03:05 [error] 1187#0: *88213 upstream timed out (110: Connection timed out)',
    }),
    item('404', 1_900, 260, {
      kind: 'status',
      class: 'better',
      evidence: 28,
      interval: [0.37, 0.58],
    }),
    item('b7', 0, 1, {
      class: 'undecided',
      reason: 'seen once',
      template: 'PHP Deprecated:  Creation of dynamic property <str> is deprecated in <path>',
    }),
    item('200', 161_000, 47_100, { kind: 'status' }),
    item('notice', 77, 24, { kind: 'level' }),
  ]
}
