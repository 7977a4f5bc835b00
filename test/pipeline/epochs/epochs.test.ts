import { expect, test } from 'vitest'
import { silentLog } from '../../../src/flow/log.ts'
import { ManualClock } from '../../../src/flow/time.ts'
import { LastpushError } from '../../../src/model/errors.ts'
import { Epochs } from '../../../src/pipeline/epochs/epochs.ts'
import type { Commit } from '../../../src/store/state.ts'
import { commitOf } from '../../contract/store-samples.ts'

const full = new LastpushError('STORE_FULL', 'the disk is full')

/** Epochs over a list of what is gathered, and a store that refuses while it is told to. */
function scene() {
  const clock = new ManualClock(0)
  const gathered: Commit[] = []
  const stored: Commit[] = []
  const store = { refuses: false }
  const epochs = new Epochs({
    take: () => gathered.shift() ?? null,
    state: {
      commit: async (commit) => {
        if (store.refuses) throw full
        stored.push(commit)
      },
    },
    clock,
    log: silentLog,
    onCommitted: () => {},
    onSettled: () => {},
  })
  const settled = () => new Promise(setImmediate)
  return { clock, gathered, stored, store, epochs, settled }
}

test('an epoch ends 200 ms after the one before, and not sooner', async () => {
  const { clock, gathered, stored, epochs, settled } = scene()
  gathered.push(commitOf({}), commitOf({}))
  epochs.endIfDue()
  await settled()
  clock.advance(199)
  epochs.endIfDue()
  await settled()
  expect(stored).toHaveLength(1)
  clock.advance(1)
  epochs.endIfDue()
  await settled()
  expect(stored).toHaveLength(2)
})

test('an epoch that is full ends at once, and makes room', async () => {
  const { gathered, stored, epochs, settled } = scene()
  gathered.push(commitOf({}), commitOf({}))
  epochs.endIfDue()
  await settled()
  epochs.gathered(16 * 1_024 * 1_024)
  expect(epochs.isFull).toBe(true)
  epochs.endIfDue()
  expect(epochs.isFull).toBe(false)
  await settled()
  expect(stored).toHaveLength(2)
})

test('whoever asks has it end at once, and hears when it is committed', async () => {
  const { gathered, stored, epochs } = scene()
  epochs.endIfDue()
  gathered.push(commitOf({}))
  const flushed = epochs.flush()
  epochs.endIfDue()
  await flushed
  expect(stored).toHaveLength(1)
})

test('nothing is committed before an epoch that the store refuses', async () => {
  const { clock, gathered, stored, store, epochs, settled } = scene()
  const [first, second] = [commitOf({}), commitOf({})]
  gathered.push(first, second)
  store.refuses = true
  epochs.endIfDue()
  await settled()
  expect(epochs.fault).toBe(full)
  clock.advance(500)
  epochs.endIfDue()
  store.refuses = false
  expect(stored).toEqual([])
  clock.advance(500)
  await settled()
  epochs.endIfDue()
  await settled()
  expect(stored[0]).toBe(first)
  expect(stored[1]).toBe(second)
  expect(epochs.fault).toBeNull()
})

test('a shutdown commits all that is left', async () => {
  const { gathered, stored, epochs } = scene()
  gathered.push(commitOf({}), commitOf({}))
  await epochs.close()
  expect(stored).toHaveLength(2)
})

test('a shutdown whose commit is refused fails, and so does who waits for it', async () => {
  const { gathered, stored, store, epochs } = scene()
  gathered.push(commitOf({}), commitOf({}))
  store.refuses = true
  const flushed = epochs.flush()
  flushed.catch(() => {})
  await expect(epochs.close()).rejects.toBe(full)
  await expect(flushed).rejects.toBe(full)
  // What would have come after it builds on it.
  store.refuses = false
  expect(gathered).toHaveLength(1)
  expect(stored).toEqual([])
  await expect(epochs.flush()).rejects.toBe(full)
})

test('after a shutdown nobody is told that something is committed', async () => {
  const { epochs } = scene()
  await epochs.close()
  await expect(epochs.flush()).rejects.toMatchObject({
    code: 'STORE_UNWRITABLE',
    message: 'lastpush is stopping: try again later',
  })
})
