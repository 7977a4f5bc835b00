import { expect, onTestFinished, test } from 'vitest'
import type { Push } from '../../src/demo/shop.ts'
import { badSha, fixSha, tellStory, type StoryParts } from '../../src/demo/story.ts'
import { ManualClock } from '../../src/flow/time.ts'
import { openState } from '../../src/store/sqlite.ts'
import { temporaryDir } from '../store/directories.ts'

/** 2026-11-23T14:02:11.400Z */
const now = 1_795_442_531_400

/** A story over an empty store, with all that it did, by the second. */
async function stage(reportFix?: StoryParts['reportFix']) {
  const dataDir = await temporaryDir()
  const state = await openState(dataDir)
  onTestFinished(() => state.close())
  const clock = new ManualClock(now)
  const seconds = (): number => Math.round((clock.now() - now) / 1_000)
  const done: [number, string][] = []
  const pushes: Push[] = []
  const shop = {
    get health() {
      return done.findLast(([, what]) => what === 'broken' || what === 'well')?.[1] as 'well'
    },
    set health(health: 'well' | 'broken') {
      done.push([seconds(), health])
    },
    logPush: (push: Push) => {
      pushes.push(push)
      done.push([seconds(), 'log'])
    },
  }
  const parts: StoryParts = {
    shop,
    clock,
    dataDir,
    tell: () => {},
    reportFix:
      reportFix ??
      (async (sha, by) => {
        done.push([seconds(), `${sha} by ${by}`])
        return 'reported'
      }),
  }
  return { parts, clock, done, pushes }
}

/** Runs a story to its end by moving the clock. */
async function play(clock: ManualClock, story: Promise<readonly string[]>, seconds: number) {
  const over = story.catch(() => {})
  let ended = false
  void over.then(() => (ended = true))
  for (let at = 0; at < seconds * 4 && !ended; at++) {
    await new Promise(setImmediate)
    clock.advance(250)
  }
  await new Promise(setImmediate)
  return story
}

test('breaks the shop at 8 s, logs that push at its end, and reports the fix at 30 s', async () => {
  const { parts, clock, done, pushes } = await stage()
  await play(clock, tellStory(parts, new AbortController().signal), 90)
  expect(done).toEqual([
    [8, 'broken'],
    [9, 'log'],
    [30, `${fixSha} by bob`],
    [30, 'well'],
  ])
  expect(pushes).toEqual([
    {
      sha: badSha,
      previous: '8fe1c02a91',
      by: 'alice',
      start: 1_795_442_539,
      end: 1_795_442_540,
    },
  ])
})

test('says that no page came as soon as the time of the resolution is over', async () => {
  const { parts, clock } = await stage()
  const story = tellStory(parts, new AbortController().signal)
  expect(await play(clock, story, 90)).toEqual(['no page came'])
  expect(clock.now()).toBeLessThanOrEqual(now + 76_000)
})

test('ends at once when it is stopped, and pushes nothing more', async () => {
  const { parts, clock, done } = await stage()
  const stop = new AbortController()
  const story = tellStory(parts, stop.signal)
  await new Promise(setImmediate)
  stop.abort()
  await play(clock, story, 0)
  expect(done).toEqual([])
})

test('fails when the fix cannot be reported', async () => {
  const { parts, clock } = await stage(() => Promise.reject(new Error('no daemon answers')))
  const story = tellStory(parts, new AbortController().signal)
  await expect(play(clock, story, 40)).rejects.toThrow('no daemon answers')
})
