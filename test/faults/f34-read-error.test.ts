/** F34: reading a log gives EIO: its disk is ill. The file is tried again, others go on, and no byte
 *  that could not be read is skipped. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Daemon, folder, full, until } from './daemon.ts'
import { RequestLog } from './requests.ts'
import { canTrace, inject, traceReason } from './strace.ts'

const rounds = full ? 20 : 1

test(
  'F34: a log whose reads fail is told of and read on once they do not; another is not held up',
  { timeout: rounds * 20_000 + 60_000 },
  async (context) => {
    context.skip(!canTrace, traceReason)
    const dir = folder()
    const ill = new RequestLog(dir)
    const well = new RequestLog(dir, 'well.log')
    const [, ...options] = ill.args
    const args = [ill.path, well.path, ...options]
    const daemon = await new Daemon({ dataDir: join(dir, 'data'), args }).ready()
    for (let round = 0; round < rounds; round++) {
      ill.append(200)
      await daemon.lines(ill.path, ill.lines)
      const injection = await inject(daemon.pid, 'inject=pread64,read:error=EIO', ill.path)
      ill.append(200)
      const faultOf = async () => (await daemon.status()).sources.find(({ partition }) => partition === ill.path)?.fault ?? null // prettier-ignore
      await until('the fault to be told', async () => (await faultOf())?.includes('EIO') ?? false)
      well.append(200)
      await daemon.lines(well.path, well.lines)
      await injection.lift()
      await daemon.lines(ill.path, ill.lines)
      expect(await faultOf()).toBe(null)
    }
    await ill.settle(daemon, [well])
  },
)

test('F34: with each seventh read failing every line still counts once', async (context) => {
  context.skip(!canTrace, traceReason)
  const dir = folder()
  const log = new RequestLog(dir)
  const daemon = await new Daemon({ dataDir: join(dir, 'data'), args: log.args }).ready()
  const injection = await inject(daemon.pid, 'inject=pread64,read:error=EIO:when=2+7', log.path)
  const end = performance.now() + (full ? 20_000 : 2_000)
  while (performance.now() < end) {
    log.append(50)
    await daemon.lines(log.path, log.lines)
  }
  await injection.lift()
  expect(daemon.stderr).toContain('EIO')
  await log.settle(daemon)
})
