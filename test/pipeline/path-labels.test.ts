import { expect, test } from 'vitest'
import { scopeKey } from '../../src/model/scope.ts'
import { Watermarks } from '../../src/windows/watermark.ts'
import { Partitions } from '../../src/pipeline/partitions.ts'

const settings = {
  name: 'apps',
  service: null,
  env: 'production',
  parser: 'json',
  zone: 'UTC',
  latenessMs: 0,
  pathLabels: (path: string) => ({ service: path.split('/')[2] ?? '' }),
}

test('a path with a service of its own holds back that service and no other', () => {
  const marks = new Watermarks()
  const partitions = new Partitions(new Map([['apps', settings]]), marks, true)
  const shop = scopeKey({ service: 'shop', env: 'production' })
  const blog = scopeKey({ service: 'blog', env: 'production' })
  partitions.open('apps', '/srv/shop/a.log', 1_000)
  partitions.open('apps', '/srv/blog/a.log', 1_000)
  marks.feed('/srv/shop/a.log', shop)
  marks.moveTo('/srv/shop/a.log', 5_000)
  expect(marks.of(shop, 1_000)).toBe(5_000)
  expect(marks.of(blog, 1_000)).toBe(-Infinity)
  expect(partitions.settings('apps', '/srv/shop/a.log').service).toBe('shop')
})
