/** What deploy/ ships beside the hooks is checked as far as that goes without containers: no test
 *  runs the compose file. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { root } from '../../docs/generate.ts'
import { parseConfig } from '../../src/config.ts'
import type { KafkaOptions } from '../../src/sources/kafka/options.ts'

interface Service {
  readonly image?: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly ports?: readonly string[]
  readonly volumes: readonly string[]
  readonly healthcheck: { readonly test: readonly string[] }
  readonly network_mode?: string
}

const folder = join(root, 'deploy')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')

describe('deploy/compose.yaml', () => {
  const compose = parse(read('compose.yaml'), { strict: true }) as {
    readonly services: Readonly<Record<string, Service>>
    readonly volumes: Readonly<Record<string, null>>
  }
  const services = Object.entries(compose.services)
  const containerfile = read('Containerfile')

  it('has Kafka, Elasticsearch and lastpush, each with a health check', () => {
    expect(services.map(([name]) => name)).toEqual(['kafka', 'elasticsearch', 'lastpush'])
    const checks = services.map(([, { healthcheck }]) => healthcheck.test[0])
    expect(checks).toEqual(['CMD', 'CMD', 'CMD'])
  })

  it('pins every image to a full version', () => {
    const bases = [...containerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)
    const images = [...services.flatMap(([, { image }]) => image ?? []), ...bases]
    expect(images).toHaveLength(4)
    expect(images.filter((image) => !/:\d+\.\d+\.\d+(-[a-z-]+)?$/.test(image ?? ''))).toEqual([])
  })

  it('is reached from this machine alone', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? [])
    expect(ports).toEqual(['127.0.0.1:9092:9092', '127.0.0.1:9200:9200'])
    // lastpush refuses to bind anything but loopback addresses.
    expect(compose.services['lastpush']?.network_mode).toBe('host')
  })

  it('keeps all data in volumes that it declares', () => {
    const mounted = services.flatMap(([, { volumes }]) => volumes.map((each) => each.split(':')[0]))
    const named = mounted.filter((source) => !source?.startsWith('.'))
    expect(named).toEqual(Object.keys(compose.volumes))
    expect(existsSync(join(folder, 'compose.lastpush.yaml'))).toBe(true)
  })

  it('gives lastpush a configuration that fits the ports', () => {
    const config = parseConfig('lastpush.yaml', read('compose.lastpush.yaml'), '/etc/lastpush')
    const brokers = config.sources.map(({ options }) => (options as KafkaOptions).brokers)
    expect(brokers).toEqual([['127.0.0.1:9092'], ['127.0.0.1:9092']])
    expect(config.store.elasticsearch?.node).toBe('http://127.0.0.1:9200')
  })

  it('builds the image of what is there, on a Node that package.json allows', () => {
    const { build } = compose.services['lastpush'] ?? {}
    const file = join(folder, build?.context ?? '', build?.dockerfile ?? '')
    expect(file).toBe(join(root, 'deploy/Containerfile'))
    const copied = [...containerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)]
      .flatMap(([, sources = '']) => sources.split(' '))
      .filter((source) => !existsSync(join(root, source)))
    expect(copied).toEqual([])
    const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      engines: { node: string }
    }
    expect(engines.node).toBe('>=20.19')
    expect(containerfile).toMatch(/^FROM node:20\.(19|[2-9]\d)\./m)
  })
})

describe('deploy/systemd/lastpush.service', () => {
  it('is a unit that systemd understands', (context) => {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
      const required = (process.env['LASTPUSH_TEST_REQUIRE'] ?? '').split(',').includes('systemd')
      if (required) throw new Error('LASTPUSH_TEST_REQUIRE names systemd, which is not installed')
      return context.skip(true, 'needs systemd-analyze')
    }
    const unit = readFileSync(`${root}deploy/systemd/lastpush.service`, 'utf8')
    const dir = mkdtempSync(join(tmpdir(), 'lastpush-unit-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    const verify = (name: string, text: string) => {
      const path = join(dir, name)
      writeFileSync(path, text)
      return spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' })
    }
    // The command is not installed here; everything else is as it ships.
    const here = unit.replace('/usr/local/bin/lastpush', process.execPath)
    expect(here).not.toBe(unit)
    expect(verify('lastpush.service', here)).toMatchObject({ status: 0, stderr: '' })
    const wrong = verify('wrong.service', here.replace('Restart=on-failure', 'Restart=perhaps'))
    expect(wrong.stderr).toContain('Failed to parse service restart specifier')
  })
})
