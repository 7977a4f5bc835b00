/** The writes of the state as prepared statements. Each runs inside the transaction that
 *  write-session.ts has begun. All values are bound, never part of the SQL. */
import type Database from 'better-sqlite3'
import type { Alert, Transition } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'
import { compaction } from './compaction.ts'
import { serviceKey } from './service-key.ts'
import type { EventDocument } from './events.ts'
import type {
  Commit,
  Dispatch,
  Notification,
  PaneDelta,
  RecordPut,
  SignatureDelta,
} from './state.ts'
import type { WriteRequest } from './writer-messages.ts'

/** Events that may wait for the index, about 500 MB; of more the oldest leave it unindexed. */
const backlogMax = 500_000

/**
 * Prepares the statements of one connection.
 * @param backlogLimit Bound of the backlog, in events.
 */
export function stateWrites(
  db: Database.Database,
  backlogLimit = backlogMax,
): (request: WriteRequest) => number {
  const write = {
    records: recordWrites(db),
    pane: paneWrite(db),
    signature: signatureWrite(db),
    alert: alertWrite(db),
    transition: transitionWrites(db),
    deploy: deployWrite(db),
    notification: notificationWrite(db),
    backlog: backlogWrites(db, backlogLimit),
    compact: compaction(db),
  }
  const countCommit = db.prepare(`UPDATE counter SET value = value + 1 WHERE name = 'commits'`)

  function commit(commit: Commit): void {
    commit.records.forEach(write.records)
    commit.panes.forEach(write.pane)
    commit.signatures.forEach(write.signature)
    commit.alerts.forEach(write.alert)
    commit.transitions.forEach(write.transition.insert)
    commit.deploys.forEach(write.deploy)
    write.backlog.add(commit.backlog)
    countCommit.run()
  }

  function dispatch(dispatch: Dispatch): void {
    dispatch.dispatched.forEach(write.transition.dispatched)
    dispatch.records.forEach(write.records)
    dispatch.notifications.forEach(write.notification)
  }

  return (request) => {
    switch (request.op) {
      case 'commit':
        commit(request.commit)
        return 0
      case 'dispatch':
        dispatch(request.dispatch)
        return 0
      case 'dropBacklog':
        write.backlog.drop(request.ids)
        return 0
      case 'compact':
        return write.compact(request.step) ? 1 : 0
      case 'put':
      case 'purge':
        throw new Error(`the state has no ${request.op}`)
    }
  }
}

function recordWrites(db: Database.Database): (record: RecordPut) => void {
  const put = db.prepare(
    `INSERT INTO record (kind, key, value) VALUES (?, ?, ?)
     ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value`,
  )
  const remove = db.prepare(`DELETE FROM record WHERE kind = ? AND key = ?`)
  return ({ kind, key, value }) => {
    if (value === null) remove.run(kind, key)
    else put.run(kind, key, JSON.stringify(value))
  }
}

function paneWrite(db: Database.Database): (pane: PaneDelta) => void {
  const add = db.prepare(
    `INSERT INTO pane (width, start, env, service, kind, id, count, late)
     VALUES (1, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (width, start, env, service, kind, id)
     DO UPDATE SET count = count + excluded.count, late = late + excluded.late`,
  )
  return ({ second, env, service, kind, id, count, late }) => {
    add.run(second, env, serviceKey(service), kind, id, count, late)
  }
}

function signatureWrite(db: Database.Database): (delta: SignatureDelta) => void {
  // Group and template are as of the newest commit, sample and level of the newest event.
  const add = db.prepare(
    `INSERT INTO signature
       (env, service, id, group_id, template, level, first_seen, last_seen, count, sample)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (env, service, id) DO UPDATE SET
       group_id = excluded.group_id,
       template = excluded.template,
       level = iif(excluded.last_seen >= last_seen, excluded.level, level),
       sample = iif(excluded.last_seen >= last_seen, excluded.sample, sample),
       first_seen = min(first_seen, excluded.first_seen),
       last_seen = max(last_seen, excluded.last_seen),
       count = count + excluded.count`,
  )
  return ({ env, service, id, group, template, level, firstSeen, lastSeen, count, sample }) => {
    const key = serviceKey(service)
    add.run(env, key, id, group, template, level, firstSeen, lastSeen, count, sample)
  }
}

function alertWrite(db: Database.Database): (alert: Alert) => void {
  const put = db.prepare(
    `INSERT INTO alert (fingerprint, starts_at, state, starts_ms, ends_ms, document)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (fingerprint, starts_at) DO UPDATE SET
       state = excluded.state, ends_ms = excluded.ends_ms, document = excluded.document`,
  )
  return (alert) => {
    const { fingerprint, startsAt, state, endsAt } = alert
    const endsMs = endsAt === null ? null : Date.parse(endsAt)
    put.run(fingerprint, startsAt, state, Date.parse(startsAt), endsMs, JSON.stringify(alert))
  }
}

function transitionWrites(db: Database.Database): {
  insert: (transition: Transition) => void
  dispatched: (id: string) => void
} {
  // The same transition comes again when a crash replays the lines that led to it.
  const insert = db.prepare(
    `INSERT INTO transition (id, at, document) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING`,
  )
  const mark = db.prepare(`UPDATE transition SET dispatched = 1 WHERE id = ?`)
  return {
    insert: (transition) => {
      insert.run(transition.id, transition.at, JSON.stringify(transition))
    },
    dispatched: (id) => {
      mark.run(id)
    },
  }
}

function deployWrite(db: Database.Database): (deploy: Deploy) => void {
  const put = db.prepare(
    `INSERT INTO deploy (id, start_ms, env, service, document) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET start_ms = excluded.start_ms, env = excluded.env,
       service = excluded.service, document = excluded.document`,
  )
  return (deploy) => {
    const { id, start, env, service } = deploy
    put.run(id, Date.parse(start), env, serviceKey(service), JSON.stringify(deploy))
  }
}

function notificationWrite(db: Database.Database): (notification: Notification) => void {
  const put = db.prepare(
    `INSERT INTO notification (key, receiver, state, created_at, document) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET receiver = excluded.receiver, state = excluded.state,
       created_at = excluded.created_at, document = excluded.document`,
  )
  return (notification) => {
    const { key, receiver, state, createdAt } = notification
    put.run(key, receiver, state, createdAt, JSON.stringify(notification))
  }
}

function backlogWrites(
  db: Database.Database,
  limit: number,
): { add: (events: readonly EventDocument[]) => void; drop: (ids: readonly string[]) => void } {
  const put = db.prepare(
    `INSERT INTO backlog (id, document) VALUES (?, ?)
     ON CONFLICT (id) DO UPDATE SET document = excluded.document`,
  )
  // Events leave in the order they came, so the span of numbers is the count, or a little more.
  const shorten = db.prepare(`DELETE FROM backlog WHERE seq <= (SELECT max(seq) FROM backlog) - ?`)
  const countDropped = db.prepare(
    `UPDATE counter SET value = value + ? WHERE name = 'backlog_dropped'`,
  )
  const remove = db.prepare(`DELETE FROM backlog WHERE id = ?`)
  return {
    add: (events) => {
      for (const event of events) put.run(event.id, JSON.stringify(event))
      if (events.length === 0) return
      const { changes } = shorten.run(limit)
      if (changes > 0) countDropped.run(changes)
    },
    drop: (ids) => {
      for (const id of ids) remove.run(id)
    },
  }
}
