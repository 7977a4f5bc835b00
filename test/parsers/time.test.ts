import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { timeFormatFault, timeReader } from '../../src/parsers/time.ts'

function read(format: string | string[], text: string, zone = 'UTC'): string | null {
  const bytes = Buffer.from(`[${text}]`)
  const time = timeReader([format].flat())(bytes, 1, bytes.length - 1, zone)
  return Number.isNaN(time) ? null : new Date(time).toISOString()
}

const clf = '%d/%b/%Y:%H:%M:%S %z'
const apache = ['%a %b %d %H:%M:%S.%f %Y', '%a %b %d %H:%M:%S %Y']
const nginx = '%Y/%m/%d %H:%M:%S'
const php = ['%d-%b-%Y %H:%M:%S %Z', '%d-%b-%Y %H:%M:%S']

describe('times of log lines', () => {
  test.each([
    [clf, '17/May/2015:10:05:03 +0000', '2015-05-17T10:05:03.000Z'],
    [clf, '17/May/2015:10:05:03 -0330', '2015-05-17T13:35:03.000Z'],
    [clf, '29/Feb/2024:00:00:00 +0000', '2024-02-29T00:00:00.000Z'],
    [clf, '31/Dec/1969:23:59:59 +0000', '1969-12-31T23:59:59.000Z'],
    [clf, '31/Dec/2016:23:59:60 +0000', '2017-01-01T00:00:00.000Z'],
    [apache, 'Sun Dec 04 04:47:44 2005', '2005-12-04T04:47:44.000Z'],
    [apache, 'Sun Dec  4 04:47:44 2005', '2005-12-04T04:47:44.000Z'],
    [apache, 'Sun Dec 04 04:47:44.123956 2005', '2005-12-04T04:47:44.123Z'],
    [nginx, '2026/11/23 14:02:11', '2026-11-23T14:02:11.000Z'],
    [php, '23-Nov-2026 14:02:11 UTC', '2026-11-23T14:02:11.000Z'],
    [php, '23-Nov-2026 14:02:11 Europe/Berlin', '2026-11-23T13:02:11.000Z'],
    [php, '23-Nov-2026 14:02:11 +01:00', '2026-11-23T13:02:11.000Z'],
    [php, '23-Nov-2026 14:02:11 -0500', '2026-11-23T19:02:11.000Z'],
    [php, '23-Nov-2026 14:02:11', '2026-11-23T14:02:11.000Z'],
    ['rfc3339', '2026-11-23T14:02:11Z', '2026-11-23T14:02:11.000Z'],
    ['rfc3339', '2026-11-23t14:02:11z', '2026-11-23T14:02:11.000Z'],
    ['rfc3339', '2026-11-23 14:02:11', '2026-11-23T14:02:11.000Z'],
    ['rfc3339', '2026-11-23 14:02:11.5 +02:00', '2026-11-23T12:02:11.500Z'],
    ['rfc3339', '2026-11-23T14:02:11.123456789+0100', '2026-11-23T13:02:11.123Z'],
    ['rfc3339', '2026-11-23 14:02:11,042 Europe/Berlin', '2026-11-23T13:02:11.042Z'],
    ['rfc3339', '2026-11-23T14:02:11+01', '2026-11-23T13:02:11.000Z'],
    ['epoch', '1795442531', '2026-11-23T14:02:11.000Z'],
    ['epoch', '1795442531.123', '2026-11-23T14:02:11.123Z'],
    ['epoch', '1795442531123', '2026-11-23T14:02:11.123Z'],
    ['epoch', '1795442531123456', '2026-11-23T14:02:11.123Z'],
    ['epoch', '1795442531123456789', '2026-11-23T14:02:11.123Z'],
    ['%Y%m%d%%%H%M%S', '20261123%140211', '2026-11-23T14:02:11.000Z'],
  ])('%j reads %s as %s', (format, text, expected) => {
    expect(read(format, text)).toBe(expected)
  })

  test("one without a zone is in the source's", () => {
    expect(read(nginx, '2026/11/23 14:02:11', 'Europe/Berlin')).toBe('2026-11-23T13:02:11.000Z')
    expect(read('rfc3339', '2026-07-01 14:02:11', 'Europe/Berlin')).toBe('2026-07-01T12:02:11.000Z')
    expect(read('epoch', '1795442531', 'Europe/Berlin')).toBe('2026-11-23T14:02:11.000Z')
  })

  test.each([
    [clf, '31/Feb/2015:10:05:03 +0000'],
    [clf, '29/Feb/2023:10:05:03 +0000'],
    [clf, '29/Feb/1900:10:05:03 +0000'],
    [clf, '00/May/2015:10:05:03 +0000'],
    [clf, '17/May/2015:25:05:03 +0000'],
    [clf, '17/May/2015:24:00:00 +0000'],
    [clf, '17/May/2015:10:60:03 +0000'],
    [clf, '17/May/2015:10:05:61 +0000'],
    [clf, '17/may/2015:10:05:03 +0000'],
    [clf, '17/May/2015:10:05:03 +2400'],
    [clf, '17/May/2015:10:05:03'],
    [clf, '17/May/2015:10:05:03 +0000 '],
    [clf, ''],
    [nginx, '2026/13/01 14:02:11'],
    [php, '23-Nov-2026 14:02:11 Mars/Olympus'],
    [php, '23-Nov-2026 14:02:11 '],
    ['rfc3339', '2026-11-23'],
    ['rfc3339', '2026-11-23T14:02'],
    ['rfc3339', '2026-11-23T14:02:11.Z'],
    ['rfc3339', '2026-11-23_14:02:11Z'],
    ['epoch', '-5'],
    ['epoch', '1e9'],
    ['epoch', '9'.repeat(40)],
  ])('%j refuses %j', (format, text) => {
    expect(read(format, text)).toBe(null)
  })

  test('reading stops at the end it is given', () => {
    const bytes = Buffer.from('2026/11/23 14:02:119')
    expect(timeReader([nginx])(bytes, 0, 19, 'UTC')).toBe(Date.UTC(2026, 10, 23, 14, 2, 11))
    expect(timeReader([nginx])(bytes, 0, 18, 'UTC')).toBe(NaN)
  })

  test('every moment from year 1 to 9999 is read back as Date writes it', () => {
    const moment = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(moment, (date) => {
        expect(read('rfc3339', date.toISOString())).toBe(date.toISOString())
      }),
      { numRuns: 1_000 },
    )
  })

  test('a date is read exactly when it exists', () => {
    const day = fc.tuple(fc.nat(9_999), fc.nat(13), fc.nat(32))
    fc.assert(
      fc.property(day, ([year, month, ofMonth]) => {
        const two = (value: number) => String(value).padStart(2, '0')
        const text = `${String(year).padStart(4, '0')}-${two(month)}-${two(ofMonth)}`
        const date = new Date(`${text}T00:00:00Z`)
        // Date takes 31 February for March; an existing day comes back as itself.
        const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
        expect(read('%Y-%m-%d %H:%M:%S', `${text} 00:00:00`)?.slice(0, 10) ?? null).toBe(
          exists ? text : null,
        )
      }),
      { numRuns: 1_000 },
    )
  })
})

test.each([
  ['%d/%b/%Y:%H:%M:%S %z', null],
  ['rfc3339', null],
  ['epoch', null],
  ['%d/%b/%Y:%H:%M', 'lacks %S'],
  ['%H:%M:%S', 'lacks %Y, %d, %m or %b'],
])('a format %j has the fault %j', (format, fault) => {
  expect(timeFormatFault(format)).toBe(fault)
})

test('a fault names the directive that is unknown, and those that are known', () => {
  expect(timeFormatFault('%Y-%m-%d %H:%M:%S %Q')).toBe(
    'unknown "%Q"; known are %a %b %d %f %H %m %M %S %Y %z %Z %%',
  )
})
