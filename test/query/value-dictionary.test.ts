/** What is kept of values is bounded, and is kept only where values come again. */
import { describe, expect, it } from 'vitest'
import { hashBytes } from '../../src/query/exact-values.ts'
import {
  dictionaryBytesMax,
  dictionaryEntriesMax,
  dictionaryValueBytesMax,
  lookupsJudged,
  ValueDictionary,
  valuesAside,
  viewOf,
} from '../../src/query/value-dictionary.ts'

/** Looks a value up, and keeps it with its length as its match when it is new. */
function look(dictionary: ValueDictionary, text: string): 'known' | 'new' | 'aside' {
  const bytes = Buffer.from(text)
  if (!dictionary.wants(bytes.length)) return 'aside'
  const view = viewOf(bytes)
  const hash = hashBytes(bytes, view, 0, bytes.length)
  const entry = dictionary.find(bytes, view, 0, bytes.length, hash)
  if (entry < 0) {
    dictionary.add(bytes, 0, bytes.length, hash, Int32Array.of(bytes.length), 1)
    return 'new'
  }
  const [from, to] = [dictionary.firstMatch(entry), dictionary.firstMatch(entry + 1)]
  expect([...dictionary.matches.subarray(from, to)]).toEqual([bytes.length])
  return 'known'
}

describe('the dictionary of values', () => {
  it('knows a value again with its matches, whatever came between', () => {
    const dictionary = new ValueDictionary()
    const values = Array.from({ length: 3_000 }, (_, n) => `/page/${n}`)
    for (const value of values) expect(look(dictionary, value)).toBe('new')
    for (const value of values.slice(0, 1_000)) expect(look(dictionary, value)).toBe('known')
  })

  it('stands aside where most values are new, and tries again later', () => {
    const dictionary = new ValueDictionary()
    for (let n = 0; n < lookupsJudged; n++) expect(look(dictionary, `/page/${n}`)).toBe('new')
    for (let n = 0; n < valuesAside; n++) expect(look(dictionary, `/other/${n}`)).toBe('aside')
    expect(look(dictionary, '/page/7')).toBe('known')
  })

  it('forgets everything when there is no room for another value', () => {
    const dictionary = new ValueDictionary()
    let most = 0
    let n = 0
    for (; dictionary.size >= most; n++) {
      most = dictionary.size
      // Asked about again, so that it does not stand aside.
      for (let times = 0; times < 3; times++) look(dictionary, `/page/${n}`)
    }
    // The last one made room for itself.
    expect(most).toBe(dictionaryEntriesMax)
    expect(dictionary.size).toBe(1)
    expect(look(dictionary, `/page/${n - 1}`)).toBe('known')
    expect(look(dictionary, '/page/7')).toBe('new')
  })

  it('keeps at most so many bytes, and no long value', () => {
    const dictionary = new ValueDictionary()
    const long = 'x'.repeat(dictionaryValueBytesMax - 8)
    const fit = Math.floor(dictionaryBytesMax / dictionaryValueBytesMax)
    for (let n = 0; n <= fit; n++) look(dictionary, `${long}${10_000_000 + n}`)
    expect(dictionary.size).toBe(1)
    expect(look(dictionary, `${long} too long`)).toBe('aside')
  })
})
