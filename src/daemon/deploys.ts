/** The ways by which a running daemon learns of deploys: reports over HTTP, the spool of commands
 *  that found no daemon, and followed logs. All end in `accept`; what a deploy changes is in the
 *  next commit. */
import { DeployLog } from '../deploys/deploy-log.ts'
import { readReport } from '../deploys/report.ts'
import type { DeployTracker } from '../deploys/tracker.ts'
import type { Log } from '../flow/log.ts'
import type { Clock } from '../flow/time.ts'
import type { Deploy } from '../model/deploy.ts'
import type { Pipeline } from '../pipeline.ts'
import { takeUpSpool } from '../store/spool.ts'
import type { Ingest } from './ingest.ts'
import type { Teardown } from './teardown.ts'

export interface DeployIntakeOptions {
  readonly tracker: DeployTracker
  readonly pipeline: Pipeline
  readonly ingest: Ingest
  readonly dataDir: string
  /** Environment of reports that name none. */
  readonly env: string
  readonly clock: Clock
  readonly log: Log
}

export class DeployIntake {
  readonly #options: DeployIntakeOptions
  readonly #faults = new Map<string, string>()

  constructor(options: DeployIntakeOptions) {
    this.#options = options
  }

  /** Deploy log → what keeps it from being followed. */
  get faults(): ReadonlyMap<string, string> {
    return this.#faults
  }

  /** Takes a report as it was posted; resolves when it is committed.
   *  @throws LastpushError DEPLOY_INVALID */
  async report(report: unknown): Promise<Deploy> {
    const { env, clock, ingest } = this.#options
    const deploy = this.#accept(readReport(report, { env }, clock.now()))
    await ingest.flush()
    return deploy
  }

  /** Takes up what commands have left in the spool. */
  async takeUpSpool(): Promise<void> {
    const { dataDir, ingest, log } = this.#options
    const accept = async (spooled: readonly Deploy[]): Promise<void> => {
      for (const deploy of spooled) this.#accept(deploy)
      await ingest.flush()
    }
    await takeUpSpool(dataDir, accept, log)
  }

  /** Follows a log in Deployinator's format until the teardown. */
  follow(path: string, down: Teardown): void {
    const { log, clock } = this.#options
    const follower = new DeployLog({
      path,
      clock,
      onDeploy: (deploy) => this.#accept(deploy),
      onBadLine: (reason, line) => log.warn({ path, reason, line }, 'no deploy line'),
      onLeftOut: (message) => log.warn({ path }, message),
      onFault: (message) => {
        if (message === null) this.#faults.delete(path)
        else this.#faults.set(path, message)
      },
    })
    follower.start()
    down.add('deploy log', () => follower.close())
  }

  #accept(deploy: Deploy): Deploy {
    const { tracker, pipeline, log } = this.#options
    const added = tracker.add(deploy)
    for (const touched of added.touched) pipeline.deployChanged(touched, added.from)
    if (added.changed) {
      const { sha, service, env, by } = added.deploy
      log.info({ sha, service, env, by }, `deploy ${sha}`)
    }
    return added.deploy
  }
}
