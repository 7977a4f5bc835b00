import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { FileLogs } from '../../src/demo/file-logs.ts'
import { deployinatorLine, Shop } from '../../src/demo/shop.ts'
import { earlierPushes } from '../../src/demo/story.ts'
import { parseDeployinator } from '../../src/deploys/deployinator.ts'
import { ManualClock } from '../../src/flow/time.ts'

/** 2026-11-23T14:02:11.400Z */
const now = 1_795_442_531_400
const second = 1_795_442_531

function openShop(clock = new ManualClock(now), bytesMax?: number): Shop {
  const shop = new Shop(clock, (dir) => new FileLogs(dir, bytesMax))
  onTestFinished(() => shop.remove())
  return shop
}

function linesOf(shop: Shop, name: string): string[] {
  return readFileSync(join(shop.dir, name), 'utf8').split('\n').slice(0, -1)
}

/** Lines per second of an access log. */
function perSecond(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) {
    const time = /\[[^\]]+:(\d\d:\d\d:\d\d) /.exec(line)?.[1] ?? 'no time'
    counts.set(time, (counts.get(time) ?? 0) + 1)
  }
  return counts
}

/** Lets the shop live for some time, in steps of its own pace. */
async function live(shop: Shop, clock: ManualClock, ms: number, step = 50): Promise<void> {
  const stop = new AbortController()
  const running = shop.live(stop.signal)
  // Looked at below, after the steps.
  running.catch(() => {})
  for (let passed = 0; passed < ms; passed += step) {
    await new Promise(setImmediate)
    clock.advance(step)
  }
  await new Promise(setImmediate)
  stop.abort()
  await running
}

test('the folder has a configuration that the daemon reads, and empty logs', () => {
  const shop = openShop()
  expect(shop.configure(7_077)).toBe(readFileSync(shop.configPath, 'utf8'))
  const config = loadConfig(shop.configPath)
  expect(config).toMatchObject({
    latenessMs: 2_000,
    keepFiringMs: 10_000,
    http: { host: '127.0.0.1', port: 7_077 },
    routing: { otherwise: { receiver: 'screen', groupBy: ['deploy'], groupWaitMs: 3_000 } },
    deployLogs: [join(shop.dir, 'deployinator.log')],
    store: { path: join(shop.dir, 'data') },
  })
  expect(config.sources.map(({ settings }) => [settings.name, settings.service])).toEqual([
    ['access', 'web'],
    ['php', 'web'],
  ])
  expect(config.exposures).toEqual(new Map([['web', 'access']]))
  expect(config.receivers.map(({ type }) => type.kind)).toEqual(['console'])
  expect(linesOf(shop, 'logs/access.log')).toEqual([])
  expect(linesOf(shop, 'logs/php_error.log')).toEqual([])
})

test('the history is the hour before now, second by second, and ends at the live rate', async () => {
  const shop = openShop()
  await shop.writeHistory([])
  const counts = [...perSecond(linesOf(shop, 'logs/access.log'))]
  expect(counts).toHaveLength(3_600)
  expect(counts[0]).toEqual(['13:02:11', 20])
  expect(counts[3_299]).toEqual(['13:57:10', 20])
  expect(counts.at(-1)?.[0]).toBe('14:02:10')
  expect(counts.at(-1)?.[1]).toBeGreaterThan(270)
})

test('live traffic joins on to the history without a gap, at its rate', async () => {
  const clock = new ManualClock(now)
  const shop = openShop(clock)
  await shop.writeHistory([])
  await live(shop, clock, 2_600)
  const counts = perSecond(linesOf(shop, 'logs/access.log'))
  expect(counts.get('14:02:11')).toBe(285)
  expect(counts.get('14:02:12')).toBe(285)
  expect(counts.get('14:02:13')).toBe(285)
  // 14.000 is the last moment that was reached.
  expect(counts.get('14:02:14')).toBe(1)
  expect(counts.size).toBe(3_604)
})

test('every line is whole, also in the middle of the traffic', async () => {
  const clock = new ManualClock(now)
  const shop = openShop(clock)
  shop.health = 'broken'
  await live(shop, clock, 500)
  for (const name of ['access.log', 'php_error.log']) {
    expect(readFileSync(join(shop.dir, 'logs', name), 'utf8')).toMatch(/\n$/)
  }
})

test('a machine that stood still for a minute goes on in the present', async () => {
  const clock = new ManualClock(now)
  const shop = openShop(clock)
  await live(shop, clock, 60_000, 60_000)
  const times = [...perSecond(linesOf(shop, 'logs/access.log')).keys()]
  expect(times).toEqual(['14:02:11', '14:03:10', '14:03:11'])
})

test('a full log is renamed, and the next line opens a new one', async () => {
  const clock = new ManualClock(now)
  const shop = openShop(clock, 20_000)
  await live(shop, clock, 1_000)
  const names = readdirSync(join(shop.dir, 'logs')).sort()
  expect(names).toContain('access.log.1')
  expect(readFileSync(join(shop.dir, 'logs/access.log')).length).toBeLessThan(25_000)
})

test('a log that cannot be written ends the traffic with what to do about it', async () => {
  const clock = new ManualClock(now)
  const shop = openShop(clock)
  shop.remove()
  await expect(live(shop, clock, 100)).rejects.toThrow(
    /^the demo cannot write its logs: ENOENT.*TMPDIR chooses another place/,
  )
})

test('removing takes the folder away, and may be asked for twice', () => {
  const shop = openShop()
  shop.remove()
  shop.remove()
  expect(existsSync(shop.dir)).toBe(false)
})

test('a push reads as Deployinator writes it', () => {
  const line = deployinatorLine({
    sha: '3b77d0c5ae',
    previous: '8fe1c02a91',
    by: 'alice',
    start: second - 191,
    end: second,
  })
  expect(line).toBe(
    '2026-11-23 14:02:11|PROD|alice|web production deploy: old 8fe1c02a91, new: 3b77d0c5ae|web|1795442340-alice-web_production.html',
  )
  expect(parseDeployinator(line)).toMatchObject({
    sha: '3b77d0c5ae',
    previous: '8fe1c02a91',
    env: 'production',
    service: 'web',
    by: 'alice',
    start: '2026-11-23T13:59:00.000Z',
    end: '2026-11-23T14:02:11.000Z',
  })
})

test('the pushes of the history are a chain within the hour, each logged once', async () => {
  const shop = openShop()
  const pushes = earlierPushes(second)
  await shop.writeHistory(pushes)
  const deploys = linesOf(shop, 'deployinator.log').map((line) => parseDeployinator(line))
  expect(deploys).toMatchObject([
    { sha: 'e2b5518d3c', by: 'alice', end: '2026-11-23T13:14:11.000Z' },
    { sha: '70af3c9be1', previous: 'e2b5518d3c', by: 'carol', end: '2026-11-23T13:31:11.000Z' },
    { sha: '8fe1c02a91', previous: '70af3c9be1', by: 'bob', end: '2026-11-23T13:50:11.000Z' },
  ])
})
