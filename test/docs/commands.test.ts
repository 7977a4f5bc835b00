/** The commands in the docs do what the docs say: every block marked `sh run` ends with status 0,
 *  against a real daemon and small logs. Blocks that change the machine or run for ever are not
 *  marked; they are listed here by name, so that none is forgotten in silence. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it, test, vi } from 'vitest'
import { root } from '../../docs/generate.ts'
import { fences, nameOf } from './fences.ts'
import { sandbox } from './program.ts'

const api = 'http://127.0.0.1:7077'
const range = 'from=2026-03-01T12:00:00Z&to=2026-03-01T12:00:30Z'
const account = '--system --home-dir /var/lib/lastpush --shell /usr/sbin/nologin'

const notRun = [
  // What installs, builds and tests the project itself. That these scripts exist is held by scripts.test.ts.
  'CONTRIBUTING.md: npm ci',
  'CONTRIBUTING.md: npm run bench',
  'CONTRIBUTING.md: npm run check',
  'CONTRIBUTING.md: npm run format',
  'CONTRIBUTING.md: npm run golden',
  'README.md: npm ci && npm start',
  'README.md: npm ci && npm test',
  'docs/faults.md: npm run test:faults # each as often as its table says; the largest take minutes',
  'docs/how/exactly-once.md: npm run test:simulation # 5,000 seeds, a few minutes',
  // These want Maven, Docker, or a broker. What they do is held by test/servers.
  'docs/sources/kafka.md: npm run servers',
  'docs/sources/kafka.md: npm start -- --kafka',
  'docs/install.md: docker compose -f deploy/compose.yaml up --build',
  // These follow the machine's own logs until they are stopped.
  'README.md: lastpush run /var/log/nginx/access.log /var/log/php/error.log --service web',
  'docs/operate.md: lastpush run -c /etc/lastpush/lastpush.yaml',
  // These want a daemon on the usual port. What the API answers is held by test/server.
  'docs/install.md: export LASTPUSH_SERVER=http://127.0.0.1:7077',
  `docs/api.md: curl ${api}/api/v1/status`,
  `docs/api.md: curl ${api}/api/v1/sources`,
  `docs/api.md: curl '${api}/api/v1/alerts?state=firing&limit=10'`,
  `docs/api.md: curl '${api}/api/v1/deploys?limit=1'`,
  `docs/api.md: curl '${api}/api/v1/signatures?limit=1'`,
  `docs/api.md: curl '${api}/api/v1/since?service=web'`,
  `docs/api.md: curl '${api}/api/v1/rates?${range}&step=10'`,
  `docs/api.md: curl -G ${api}/api/v1/events --data-urlencode 'q=status:500 AND path:/cart*' -d limit=1`,
  `docs/api.md: curl -X POST ${api}/api/v1/deploys -H 'content-type: application/json' \\`,
  `docs/api.md: curl '${api}/api/v1/silences?state=active'`,
  `docs/api.md: curl -X POST ${api}/api/v1/silences -H 'content-type: application/json' \\`,
  `docs/api.md: curl -X POST ${api}/api/v1/silences/5f2c0a1b/end -H 'content-type: application/json' -d '{}'`, // prettier-ignore
  `docs/api.md: curl -N ${api}/api/v1/stream`,
  `docs/api.md: curl ${api}/metrics`,
  // These ask for a stretch before now, and for a deploy; the logs here are older and had none. What
  // a search answers is held by test/cli/search.test.ts.
  "docs/search.md: lastpush search 'status:500 AND path:/checkout*' --since 2h",
  `docs/api.md: curl -H "authorization: Bearer $(cat /etc/lastpush/token)" ${api}/api/v1/status`,
  // These change the machine, or want another one, or a tool that may be missing.
  'docs/install.md: npm ci && npm run build && npm link',
  'docs/operate.md: (umask 077; openssl rand -hex 32 > /etc/lastpush/token)',
  `docs/install.md: useradd ${account} lastpush`,
  'docs/configuration.md: ssh -L 7077:127.0.0.1:7077 web1.example.com',
  `docs/operate.md: sqlite3 /var/lib/lastpush/state.db ".backup '/var/backups/lastpush-state.db'"`,
]

const blocks = fences().filter(({ language }) => language === 'sh')
const runnable = blocks.filter(({ info }) => info === 'run')
/** A push that ended at 14:02:11 and began at 13:59:00. */
const deploys =
  '2026-11-23 14:02:11|PROD|alice|web production deploy: old 8fe1c02a91, new: 3b77d0c5ae' +
  '|web|1795442340-alice-web_production.html\n'

let place: ReturnType<typeof sandbox>
let daemon: ChildProcess
let origin = ''

beforeAll(async () => {
  place = sandbox()
  const log = join(place.folder, 'followed.log')
  copyFileSync(`${root}test/golden/apache_combined/input.log`, log)
  const run = ['run', log, '--service', 'web', '--port', '0']
  daemon = spawn('lastpush', run, { env: place.env, stdio: 'ignore' })
  const address = join(place.folder, 'state/lastpush/daemon.json')
  const isWritten = () => existsSync(address) && readFileSync(address, 'utf8').endsWith('\n')
  await vi.waitUntil(isWritten, { timeout: 30_000 })
  const { origin: found } = JSON.parse(readFileSync(address, 'utf8')) as { origin: string }
  origin = found
}, 40_000)

afterAll(async () => {
  daemon.kill('SIGTERM')
  if (daemon.exitCode === null) await once(daemon, 'exit')
  rmSync(place.folder, { recursive: true })
})

/** The folder of a page: two logs, a deploy log, and the YAML that the page names by file. */
function workplace(page: string): string {
  const folder = join(place.folder, page.replaceAll('/', '-'))
  if (existsSync(folder)) return folder
  mkdirSync(folder)
  copyFileSync(`${root}test/golden/apache_combined/input.log`, join(folder, 'access.log'))
  copyFileSync(`${root}test/golden/php_error/input.log`, join(folder, 'error.log'))
  writeFileSync(join(folder, 'deploys.log'), deploys)
  for (const fence of fences()) {
    const [, name] = fence.info.split(' ')
    if (fence.page !== page || fence.language !== 'yaml' || name === undefined) continue
    mkdirSync(join(folder, dirname(name)), { recursive: true })
    writeFileSync(join(folder, name), fence.text)
  }
  return folder
}

it('every block is run, or is listed as not to be run', () => {
  expect(
    blocks
      .filter(({ info }) => info !== 'run')
      .map(nameOf)
      .sort(),
  ).toEqual(notRun.sort())
})

// That it lists no other is held by test/tidy-docs.test.ts: this daemon has no Kafka to count.
it('docs/operate.md lists the metrics that the daemon has', async () => {
  const text = await (await fetch(`${origin}/metrics`)).text()
  const told = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name)
  const page = readFileSync(`${root}docs/operate.md`, 'utf8')
  const listed = page.split('\n').filter((line) => line.startsWith('| `lastpush_'))
  const names = listed.flatMap((line) => line.split(' | ')[0]?.match(/lastpush_\w+/g) ?? [])
  expect(told.length).toBeGreaterThan(5)
  expect(told.filter((name) => !names.includes(name))).toEqual([])
})

test.each(runnable.map((block) => ({ ...block, name: nameOf(block) })))(
  '$name',
  async ({ page, text }) => {
    const options = { cwd: workplace(page), env: place.env }
    const { stdout } = await promisify(execFile)('sh', ['-euc', text], options)
    expect(stdout).not.toBe('')
  },
  60_000,
)
