/** What `npm start` runs, as the built program: the whole story once, and its end by a signal. */
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Demo } from './demo-process.ts'

/** Holds the demo's own port, unless somebody has it already. */
async function takePort(): Promise<void> {
  const holder = createServer()
  await new Promise<void>((resolve) => {
    holder.once('error', () => resolve())
    holder.listen(7_077, '127.0.0.1', resolve)
  })
  onTestFinished(() => void holder.close())
}

test('--once tells the story in its time and ends with 0, also when the port is taken', async () => {
  await takePort()
  const began = Date.now()
  const demo = new Demo(['--once'])
  const page = await demo.line(/^The page:/)
  expect(page.line).toMatch(/http:\/\/127\.0\.0\.1:(?!7077)\d+ \(port 7077 is taken\)$/)
  const folder = /logs of a small shop, in (\S+)/.exec(demo.output)?.[1] ?? ''
  expect(existsSync(join(folder, 'logs/access.log'))).toBe(true)
  const live = await demo.line(/^\[ +0 s\] an hour of history is there/)
  const firing = await demo.line(/^FIRING web: .*, since push 3b77d0c5ae by alice$/)
  expect(firing.at - live.at).toBeLessThan(26_000)
  const resolved = await demo.line(
    /^RESOLVED web: .*, since push 3b77d0c5ae by alice, fixed by push 91c02fe77b by bob$/,
  )
  expect(resolved.at - live.at).toBeLessThan(76_000)
  await demo.ended
  expect(demo.child.exitCode).toBe(0)
  expect(Date.now() - began).toBeLessThan(90_000)
  expect(demo.count(/^FIRING/)).toBe(1)
  expect(demo.count(/^RESOLVED/)).toBe(1)
  expect(demo.err).toBe('')
  expect(existsSync(folder)).toBe(false)
  for (const wanted of [
    'lateness: 2s',
    'keep_firing_for: 10s',
    'alice has pushed e2b5518d3c to web',
    'carol has pushed 70af3c9be1 to web',
    'bob has pushed 8fe1c02a91 to web',
    'alice has pushed 3b77d0c5ae to web',
    'lastpush deploy --sha 91c02fe77b --service web --by bob',
    'node dist/main.js run /var/log/nginx/access.log',
  ]) {
    expect(demo.output).toContain(wanted)
  }
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends it with 0 and leaves nothing',
  async (signal) => {
    const demo = new Demo([])
    await demo.line(/^\[ +0 s\]/)
    const folder = /logs of a small shop, in (\S+)/.exec(demo.output)?.[1] ?? ''
    const asked = Date.now()
    demo.child.kill(signal)
    await demo.ended
    expect(demo.child.exitCode).toBe(0)
    expect(Date.now() - asked).toBeLessThan(10_000)
    expect(demo.err).toBe('')
    expect(existsSync(folder)).toBe(false)
  },
)
