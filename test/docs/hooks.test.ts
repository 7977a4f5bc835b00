/** The hooks of deploy/ report what really went out: they are run as git and a runner run them, and
 *  what they have said is read from the spool, since no daemon runs here. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from '../../docs/generate.ts'
import { errorCodes } from '../../src/model/errors.ts'
import { sandbox } from './program.ts'

let place: ReturnType<typeof sandbox>

beforeEach(() => {
  place = sandbox()
})

afterEach(() => {
  rmSync(place.folder, { recursive: true })
})

interface Report {
  readonly sha: string
  readonly service: string
  readonly env: string
  readonly by: string
  readonly url: string | null
  readonly status: string
}

function spooled(): Report[] {
  const path = join(place.folder, 'state/lastpush/spool/deploys.ndjson')
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Report)
}

describe('deploy/hooks/post-receive', () => {
  const person = 'Eve $(touch owned) `touch owned`'

  function git(cwd: string, ...args: string[]): string {
    const identity = ['-c', `user.name=${person}`, '-c', 'user.email=eve@example.com']
    const options = { cwd, env: place.env, encoding: 'utf8', stdio: 'pipe' } as const
    return execFileSync('git', [...identity, ...args], options).trim()
  }

  /** A bare repository `shop.git` with the hook, and a clone with one commit. */
  function repositories(): { bare: string; clone: string } {
    const [bare, clone] = [join(place.folder, 'shop.git'), join(place.folder, 'clone')]
    git(place.folder, 'init', '--quiet', '--bare', bare)
    mkdirSync(join(bare, 'hooks'), { recursive: true })
    copyFileSync(`${root}deploy/hooks/post-receive`, join(bare, 'hooks/post-receive'))
    git(place.folder, 'init', '--quiet', '-b', 'main', clone)
    writeFileSync(join(clone, 'index.php'), '<?php echo 1;\n')
    git(clone, 'add', 'index.php')
    git(clone, 'commit', '--quiet', '-m', 'first')
    return { bare, clone }
  }

  it('reports the SHA, the repository as service, and who made it, as data', () => {
    const { bare, clone } = repositories()
    git(clone, 'push', '--quiet', bare, 'main', 'main:other')
    const sha = git(clone, 'rev-parse', 'HEAD')
    const report = { sha, service: 'shop', env: 'production', by: person }
    expect(spooled()).toMatchObject([
      { ...report, status: 'running' },
      { ...report, status: 'done' },
    ])
    expect(existsSync(join(bare, 'owned'))).toBe(false)
  })

  it('says nothing of other branches and of a branch that is deleted', () => {
    const { bare, clone } = repositories()
    git(bare, 'config', 'receive.denyDeleteCurrent', 'ignore')
    git(clone, 'push', '--quiet', bare, 'main:other', 'main:maintenance')
    git(clone, 'push', '--quiet', bare, ':other')
    expect(spooled()).toEqual([])
    git(clone, 'push', '--quiet', bare, 'main')
    git(clone, 'push', '--quiet', bare, ':main')
    expect(spooled()).toHaveLength(2)
  })

  it('lets the push through when lastpush is not there', () => {
    const { bare, clone } = repositories()
    rmSync(join(place.folder, 'bin/lastpush'))
    git(clone, 'push', '--quiet', bare, 'main')
    expect(git(bare, 'rev-parse', 'main')).toBe(git(clone, 'rev-parse', 'HEAD'))
  })
})

describe('deploy/hooks/github-actions.yml', () => {
  interface Step {
    readonly run?: string
  }
  const text = readFileSync(`${root}deploy/hooks/github-actions.yml`, 'utf8')
  const { jobs } = parse(text) as { jobs: { deploy: { steps: Step[] } } }
  const scripts = jobs.deploy.steps.flatMap(({ run }) => run ?? [])

  it('reports begin and end of a deploy', () => {
    const sha = '3b77d0c5ae41f09d2c6e8b7a5f4d3c2b1a098765'
    const url = 'https://github.com/example/shop/actions/runs/1'
    const given = { GITHUB_SHA: sha, SERVICE: 'web', BY: 'alice', RUN: url, STATUS: 'failed' }
    for (const script of scripts.filter((each) => each.startsWith('lastpush'))) {
      execFileSync('sh', ['-euc', script], { env: { ...place.env, ...given }, stdio: 'pipe' })
    }
    const report = { sha, service: 'web', by: 'alice', url }
    expect(spooled()).toMatchObject([
      { ...report, status: 'running' },
      { ...report, status: 'failed' },
    ])
  })

  it('writes nothing into a script that others may name', () => {
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([])
  })
})

describe('deploy/systemd/lastpush.service', () => {
  const unit = readFileSync(`${root}deploy/systemd/lastpush.service`, 'utf8')

  it('does not start again what a restart cannot mend', () => {
    const [status] = errorCodes.CONFIG_INVALID
    expect(unit).toContain(`\nRestartPreventExitStatus=${status}\n`)
  })

  it('keeps its data where only it can read them', () => {
    expect(unit).toMatch(/^StateDirectory=lastpush\nStateDirectoryMode=0700$/m)
  })
})
