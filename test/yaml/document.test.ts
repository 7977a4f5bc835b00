import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { faultLine, LastpushError } from '../../src/model/errors.ts'
import { duration, queryText } from '../../src/query/schema.ts'
import { check, faultsAt, readYaml, yamlBytesMax } from '../../src/yaml/document.ts'
import { fieldName, fieldPath } from '../../src/yaml/place.ts'

/** The faults of a call as people read them; [] when there is none. */
function faultsIn(call: () => unknown): string[] {
  try {
    call()
  } catch (error) {
    if (!(error instanceof LastpushError)) throw error
    expect(error.code).toBe('CONFIG_INVALID')
    return error.faults.map(faultLine)
  }
  return []
}

describe('readYaml', () => {
  test('takes the words of other YAML versions as text', () => {
    expect(readYaml('a.yaml', 'on: yes\nno: no\nnum: 0o17\nkey: ~\n500: x').value).toEqual({
      on: 'yes',
      no: 'no',
      num: 15,
      key: null,
      '500': 'x',
    })
  })

  test.each([
    ['a: 1\nb: 2\na: 3', 'a.yaml:3:1: this key stands here twice; keep one'],
    ['a:\n\t- x', 'a.yaml:2:1: a tab cannot indent; use spaces'],
    ['a: 1\n---\nb: 2', 'a.yaml:2:1: a second document begins (---); one file has one'],
    ['query: level: error', 'a.yaml:1:8: a value with a colon and a space needs quotes'],
    ['a:\n  - *x', 'a.yaml:2:5: no &x stands before *x'],
    ['a: &x [1, *x]', 'a.yaml:1:11: *x stands inside of what it names'],
    ['? [1]\n: 2', 'a.yaml:1:3: With stringKeys, all keys must be strings'],
    ['a: "x', 'a.yaml:1:6: Missing closing "quote'],
    ['b: 1\na: !!js/function "return 1"',
      'a.yaml:2:4: tags are not taken (Unresolved tag: tag:yaml.org,2002:js/function); leave it out'],
    ['a: !!python/object:os.system x',
      'a.yaml:1:4: tags are not taken (Unresolved tag: tag:yaml.org,2002:python/object:os.system); leave it out'],
    ['a: !!binary aGk=',
      'a.yaml:1:4: tags are not taken (Unresolved tag: tag:yaml.org,2002:binary); leave it out'],
  ])('S32: refuses %j', (text, expected) => {
    expect(faultsIn(() => readYaml('a.yaml', text))).toEqual([expected])
  }) // prettier-ignore

  test('S32: refuses aliases that multiply', () => {
    const laughs = Array.from({ length: 12 }, (_, i) => {
      const previous = i === 0 ? 'lol' : `*l${i - 1}`
      return `l${i}: &l${i} [${Array(9).fill(previous).join(', ')}]`
    }).join('\n')
    expect(faultsIn(() => readYaml('a.yaml', laughs))).toEqual([
      'a.yaml:1:1: aliases (*name) stand for more than 100 values; write them out',
    ])
    expect(readYaml('a.yaml', 'a: &x [1]\nb: *x').value).toEqual({ a: [1], b: [1] })
  })

  test('S32: refuses a file larger than 1 MiB and one that is nested too deeply', () => {
    const long = `a: ${'x'.repeat(yamlBytesMax)}`
    expect(faultsIn(() => readYaml('a.yaml', long))).toEqual([
      'a.yaml: the file has 1048579 bytes; at most 1048576 are read',
    ])
    expect(faultsIn(() => readYaml('a.yaml', '['.repeat(200_000)))).toEqual([
      'a.yaml: the file is nested too deeply',
    ])
  })

  test('S31: keeps __proto__, constructor and << as data', () => {
    const text = '<<: {__proto__: {x: 1}}\n__proto__: {polluted: 1}\nconstructor: {polluted: 1}'
    const { value } = readYaml('a.yaml', text)
    expect(Object.keys(value as object)).toEqual(['<<', '__proto__', 'constructor'])
    expect((value as { x?: unknown }).x).toBeUndefined()
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    expect(faultsIn(() => check(readYaml('a.yaml', text), z.strictObject({})))).toEqual([
      'a.yaml:1:1: ["<<"]: is not known here',
      'a.yaml:2:1: __proto__: is not known here',
      'a.yaml:3:1: constructor: is not known here',
    ])
  })

  test('gives a value or faults for any text', () => {
    const piece = fc.constantFrom(...'ab:- \n"\'[]{}&*!|>%#?,\t', '\n  ', ': ', '- ', '&a ', '*a ')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        for (const fault of faultsIn(() => readYaml('a.yaml', pieces.join('')))) {
          expect(fault).toMatch(/^a\.yaml:\d+:\d+: ./)
        }
      }),
      { numRuns: 500 },
    )
  })
})

const schema = z.strictObject({
  name: z.string().regex(/^[a-z-]+$/, { error: 'a name is lower-case letters and -' }),
  type: z.enum(['frequency', 'regression']).default('frequency'),
  num_events: z.int().min(1).max(100).optional(),
  enabled: z.boolean().optional(),
  timeframe: duration.optional(),
  query: queryText.optional(),
  tags: z.array(z.string().min(2)).max(2).optional(),
  sources: z
    .array(
      z.union([
        z.strictObject({ file: z.string(), service: z.string().optional() }),
        z.strictObject({ kafka: z.strictObject({ brokers: z.array(z.string()) }) }),
      ]),
    )
    .optional(),
  labels: z.record(z.string(), z.string()).optional(),
  route: z.union([z.string(), z.array(z.string())]).optional(),
  kind: z
    .discriminatedUnion('type', [z.strictObject({ type: z.literal('tcp'), port: z.int() })])
    .optional(),
})

const checked = (text: string) => check(readYaml('r.yaml', text), schema)

describe('check', () => {
  test('gives the output of the schema', () => {
    expect(checked('name: a\ntimeframe: 1h30m\nquery: status:500\nsources: [{file: /x}]')).toEqual({
      name: 'a',
      type: 'frequency',
      timeframe: 5_400_000,
      query: { kind: 'is', field: 'status', value: '500' },
      sources: [{ file: '/x' }],
    })
  })

  test('tells every fault at once, each at its own line', () => {
    const text = `# a rule
name: Bad Name
tipe: regression
num_events: many
timeframe: 5 minuets
sources:
  - file: /var/log/a.log
    servce: web
  - kafka:
      broker: [a]
labels:
  team: 7
`
    expect(faultsIn(() => checked(text)).sort()).toEqual([
      'r.yaml:10:7: sources[1].kafka.broker: is not known here; did you mean brokers?',
      'r.yaml:10:7: sources[1].kafka.brokers: is missing; expected a list',
      'r.yaml:12:9: labels.team: expected text, got 7; put it in quotes: "7"',
      'r.yaml:2:7: name: a name is lower-case letters and -',
      'r.yaml:3:1: tipe: is not known here; did you mean type?',
      'r.yaml:4:13: num_events: expected a number, got "many"',
      'r.yaml:5:12: timeframe: expected a duration such as "5m", got "5 minuets"',
      'r.yaml:8:5: sources[0].servce: is not known here; did you mean service?',
    ])
  })

  test.each([
    ['type: regression', '1:1: name: is missing; expected text'],
    ['name: a\ntype: regresion',
      '2:7: type: expected frequency or regression, got "regresion"; did you mean regression?'],
    ['name: a\nnum_events: 0', '2:13: num_events: expected at least 1, got 0'],
    ['name: a\nnum_events: 101', '2:13: num_events: expected at most 100, got 101'],
    ['name: a\nnum_events: 1.5', '2:13: num_events: expected a whole number, got 1.5'],
    ['name: a\nenabled: yes',
      '2:10: enabled: expected true or false, got "yes"; in YAML 1.2 this word is text'],
    ['name: a\ntags: [ab, c]', '2:12: tags[1]: expected at least 2 characters, got "c"'],
    ['name: a\ntags: [ab, cd, ef]', '2:7: tags: expected at most 2 entries, got a list'],
    ['name: a\ntags: ab', '2:7: tags: expected a list, got "ab"'],
    ['name: a\nroute: {x: 1}', '2:8: route: expected text or a list, got a map of keys'],
    ['name: a\nsources: [x]', '2:11: sources[0]: expected a map of keys, got "x"'],
    ['name: a\nkind: {type: udp}', '2:14: kind.type: expected tcp, got "udp"'],
    ['name: a\ntimeframe: -5', '2:12: timeframe: expected a duration such as "5m", got -5'],
    ['name: a\nquery: status:[500 to 599]',
      '2:20: query: column 13: expected TO (in capitals), as in [500 TO 599]'],
    ['name: a\nquery: "a OR"', '2:13: query: column 5: a term is missing here'],
    ['name: a\nquery: >-\n  a\n  OR', '2:8: query: column 5: a term is missing here'],
    ['name: a\nquery: 5', '2:8: query: expected text, got 5; put it in quotes: "5"'],
    ['- a', '1:1: expected a map of keys, got a list'],
    ['', '1:1: expected a map of keys, got null'],
    ['name: &n {a: 1}\ntags: *n', '1:10: name: expected text, got a map of keys',
      '2:7: tags: expected a list, got a map of keys'],
  ])('says what is wrong with %j', (text, ...expected) => {
    expect(faultsIn(() => checked(text))).toEqual(expected.map((fault) => `r.yaml:${fault}`))
  }) // prettier-ignore

  test('counts the faults in its message and tells at most 50', () => {
    const text = Array.from({ length: 60 }, (_, i) => `x${i}: 1`).join('\n')
    try {
      checked(`name: a\n${text}`)
      expect.unreachable()
    } catch (error) {
      expect((error as LastpushError).message).toBe('60 faults in r.yaml')
      expect((error as LastpushError).faults).toHaveLength(50)
    }
  })
})

describe('faultsAt', () => {
  const document = readYaml('p.yaml', 'name: x\npatterns:\n  - regex: "a(b"\n    "odd key": 1\n')
  const located = (place: object) => {
    const faults = [{ place: { file: 'x', ...place }, message: 'wrong' }]
    const error = new LastpushError('PATTERN_REFUSED', 'no', { faults })
    const found = faultsAt(document, error)
    expect(found).toMatchObject({ code: 'PATTERN_REFUSED', message: 'no', cause: error })
    return (found as LastpushError).faults.map(faultLine)
  }

  test.each([
    [{ field: 'patterns[0]' }, 'p.yaml:3:5: patterns[0]: wrong'],
    [{ field: 'patterns[0].regex' }, 'p.yaml:3:12: patterns[0].regex: wrong'],
    [{ field: 'patterns[0].regex', column: 2 }, 'p.yaml:3:14: patterns[0].regex: wrong'],
    [{ field: 'patterns[0]["odd key"]' }, 'p.yaml:4:16: patterns[0]["odd key"]: wrong'],
    [{ field: 'patterns[3].regex' }, 'p.yaml:3:3: patterns[3].regex: wrong'],
    [{ field: 'nosuch' }, 'p.yaml:1:1: nosuch: wrong'],
    [{}, 'p.yaml: wrong'],
    [{ file: 'p.yaml', line: 2, column: 1 }, 'p.yaml:2:1: wrong'],
  ])('finds %j', (place, expected) => {
    expect(located(place)).toEqual([expected])
  })

  test('leaves other errors as they are', () => {
    const bug = new TypeError('x')
    expect(faultsAt(document, bug)).toBe(bug)
  })
})

test('fieldPath reads what fieldName wrote', () => {
  expect(fieldName(['sources', 0, 'parser'])).toBe('sources[0].parser')
  const part = fc.oneof(fc.nat(99), fc.string({ maxLength: 5 }), fc.constant('a.b[0]"\\'))
  fc.assert(
    fc.property(fc.array(part), (path) => {
      expect(fieldPath(fieldName(path))).toEqual(path)
    }),
  )
})
