import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseConfig, type Config } from '../../src/config.ts'
import { indexKind, openConfiguredIndex } from '../../src/daemon/event-index.ts'
import { silentLog } from '../../src/flow/log.ts'
import { Metrics } from '../../src/flow/metrics.ts'
import { ManualClock } from '../../src/flow/time.ts'
import { eventOf } from '../contract/store-samples.ts'
import { temporaryDir } from '../store/directories.ts'

/** The configurations that a page of the documentation shows. */
function shown(page: string): string[] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
  return [...text.matchAll(/```yaml config[^\n]*\n(.*?)```/gs)].map(([, yaml = '']) => yaml)
}

const configOf = (yaml: string): Config => parseConfig('lastpush.yaml', yaml, '/etc/lastpush')

const parts = async () => ({
  dataDir: await temporaryDir(),
  clock: new ManualClock(0),
  log: silentLog,
  metrics: new Metrics(),
})

test('the configurations in docs/search.md and docs/stores/elasticsearch.md are taken', () => {
  const [search] = shown('search.md').map(configOf)
  expect(search?.store).toMatchObject({ eventsKeptMs: 14 * 86_400_000, elasticsearch: null })
  const [elasticsearch] = shown('stores/elasticsearch.md').map(configOf)
  expect(elasticsearch?.store.elasticsearch).toEqual({
    node: 'https://search.example.com:9200',
    index_prefix: 'lastpush-events',
    username: 'lastpush',
    password_file: '/etc/lastpush/elasticsearch.password',
    ca_file: '/etc/lastpush/elasticsearch.ca.pem',
  })
})

test('the data directory holds the index unless Elasticsearch is named', async () => {
  const config = configOf('{}')
  expect(indexKind(config)).toBe('sqlite')
  const index = await openConfiguredIndex(config, await parts())
  await index.put([eventOf({})])
  expect(await index.count()).toBe(1)
  await index.close()
})

test('files of Elasticsearch are relative to the configuration, and nothing is asked at start', async () => {
  const config = configOf('store: { elasticsearch: { node: "http://127.0.0.1:1", api_key_file: key } }') // prettier-ignore
  expect(config.store.elasticsearch?.api_key_file).toBe('/etc/lastpush/key')
  expect(indexKind(config)).toBe('elasticsearch')
  const index = await openConfiguredIndex(config, await parts())
  await index.close()
})

test('what is wrong about Elasticsearch is told at its place', () => {
  const wrong = 'store:\n  elasticsearch:\n    node: search.example.com\n    prefix: a\n'
  expect(() => configOf(wrong)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      faults: [
        expect.objectContaining({ place: expect.objectContaining({ line: 3 }) as object }),
        expect.objectContaining({ place: expect.objectContaining({ line: 4 }) as object }),
      ],
    }),
  )
})
