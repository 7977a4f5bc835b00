import { expect, test } from 'vitest'
import { Teardown } from '../../src/daemon/teardown.ts'
import { silentLog } from '../../src/flow/log.ts'

test('ends all parts, the last first, and fails with the first error of any', async () => {
  const ended: string[] = []
  const teardown = new Teardown(silentLog)
  const failed = new Error('the last commit was refused')
  teardown.add('lock', () => void ended.push('lock'))
  teardown.add('store', () => {
    ended.push('store')
    throw new Error('a later one')
  })
  teardown.add('ingest', () => {
    ended.push('ingest')
    throw failed
  })
  await expect(teardown.run()).rejects.toBe(failed)
  await expect(teardown.run()).rejects.toBe(failed)
  expect(ended).toEqual(['ingest', 'store', 'lock'])
})
