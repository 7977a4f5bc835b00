import { expect, test } from 'vitest'
import { accessStamp, phpStamp } from '../../bench/stamps.ts'

test('times are written as the logs have them', () => {
  expect(accessStamp(1_795_442_531)).toBe('23/Nov/2026:14:02:11 +0000')
  expect(phpStamp(1_795_442_531)).toBe('23-Nov-2026 14:02:11 UTC')
  expect(accessStamp(0)).toBe('01/Jan/1970:00:00:00 +0000')
})
