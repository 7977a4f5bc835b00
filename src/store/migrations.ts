/** The tables of both databases as numbered lists of migrations, and how they are brought up to
 *  date. `user_version` counts the migrations a file has had. A migration that was once shipped
 *  never changes; a new one is added at the end. */
import type Database from 'better-sqlite3'
import { failPoint } from '../flow/fail-points.ts'
import { LastpushError } from '../model/errors.ts'
import { searched, searchedWords } from './event-values.ts'
import type { EventDocument } from './events.ts'
import { damaged } from './sqlite-errors.ts'

/** One database: the name of its file and its migrations, the first one making its tables. */
export interface Schema {
  readonly file: string
  readonly migrations: readonly string[]
}

// `service` holds '' for null and '=name' for a name, since no part of such a key may be NULL.
// `writes` counts every transaction: it tells after a failed sync whether that one took place.
const stateTables = `
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counter VALUES ('writes', 0), ('commits', 0), ('backlog_dropped', 0);

CREATE TABLE record (
  kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)
) STRICT;

CREATE TABLE pane (
  width INTEGER NOT NULL, start INTEGER NOT NULL, env TEXT NOT NULL, service TEXT NOT NULL,
  kind TEXT NOT NULL, id TEXT NOT NULL, count INTEGER NOT NULL, late INTEGER NOT NULL,
  PRIMARY KEY (width, start, env, service, kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE signature (
  env TEXT NOT NULL, service TEXT NOT NULL, id TEXT NOT NULL, group_id TEXT NOT NULL,
  template TEXT NOT NULL, level TEXT, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
  count INTEGER NOT NULL, sample TEXT NOT NULL, PRIMARY KEY (env, service, id)
) STRICT;
CREATE INDEX signature_last_seen ON signature (last_seen);

CREATE TABLE alert (
  fingerprint TEXT NOT NULL, starts_at TEXT NOT NULL, state TEXT NOT NULL,
  starts_ms INTEGER NOT NULL, ends_ms INTEGER, document TEXT NOT NULL,
  PRIMARY KEY (fingerprint, starts_at)
) STRICT;
CREATE INDEX alert_starts_ms ON alert (starts_ms);
CREATE INDEX alert_state ON alert (state, starts_ms);

CREATE TABLE transition (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL,
  dispatched INTEGER NOT NULL DEFAULT 0, document TEXT NOT NULL
) STRICT;
CREATE INDEX transition_undispatched ON transition (seq) WHERE dispatched = 0;

CREATE TABLE deploy (
  id TEXT PRIMARY KEY, start_ms INTEGER NOT NULL, env TEXT NOT NULL, service TEXT NOT NULL,
  document TEXT NOT NULL
) STRICT;

CREATE TABLE notification (
  seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, receiver TEXT NOT NULL, state TEXT NOT NULL,
  created_at INTEGER NOT NULL, document TEXT NOT NULL
) STRICT;
CREATE INDEX notification_waiting ON notification (receiver, seq) WHERE state = 'waiting';

CREATE TABLE backlog (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL
) STRICT;
`

// The text index keeps no copy of the text.
const eventTables = `
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counter VALUES ('writes', 0), ('events', 0);

CREATE TABLE event (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, time INTEGER NOT NULL,
  service TEXT NOT NULL, signature TEXT, document TEXT NOT NULL
) STRICT;
CREATE INDEX event_time ON event (time);
CREATE INDEX event_signature ON event (signature, time);

CREATE VIRTUAL TABLE event_text USING fts5 (
  text, stack, content = '', contentless_delete = 1,
  tokenize = "unicode61 remove_diacritics 0"
);
`

// Events that are found by search come in their total order, so that has an index. The words are cut
// and folded before they get here, exactly as queries do it: the tokenizer `ascii` only parts them
// at the spaces between them. Stacks are not searched, since rules cannot see them either.
const searchTables = `
ALTER TABLE event ADD COLUMN partition TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
UPDATE event SET partition = document ->> '$.partition', position = document ->> '$.position';
DROP INDEX event_time;
CREATE INDEX event_order ON event (time, partition, position);

DROP TABLE event_text;
CREATE VIRTUAL TABLE event_words USING fts5 (
  words, content = '', contentless_delete = 1, tokenize = 'ascii'
);
INSERT INTO event_words (rowid, words) SELECT number, words_of(document) FROM event;
`

// What tells this store from all others where somebody else keeps a trace of it.
const identityTable = `
CREATE TABLE identity (id TEXT NOT NULL) STRICT;
INSERT INTO identity VALUES (lower(hex(randomblob(8))));
`

export const stateSchema: Schema = { file: 'state.db', migrations: [stateTables, identityTable] }
export const eventSchema: Schema = { file: 'events.db', migrations: [eventTables, searchTables] }

/**
 * Number of migrations a file has had.
 * @throws LastpushError STORE_NEWER when a newer lastpush wrote it, STORE_DAMAGED when none did.
 */
export function storedVersion(db: Database.Database, schema: Schema): number {
  const version = db.pragma('user_version', { simple: true }) as number
  const known = schema.migrations.length
  if (version > known) {
    throw new LastpushError(
      'STORE_NEWER',
      `${db.name} has schema version ${version}, and this lastpush knows ${known} at most:` +
        ' start the newer lastpush again, or name another directory by --data',
    )
  }
  if (version < 1) throw damaged(db.name, 'it has none of the tables of lastpush')
  return version
}

/**
 * Applies all migrations after the first `done` ones in one transaction: all of them or none.
 * @param done Migrations the file has had; 0 for a new file.
 */
export function migrate(db: Database.Database, schema: Schema, done: number): void {
  const missing = schema.migrations.slice(done)
  if (missing.length === 0) return
  db.function('words_of', { deterministic: true }, wordsOfDocument)
  const apply = db.transaction(() => {
    for (const migration of missing) db.exec(migration)
    failPoint('migration-half-way')
    db.pragma(`user_version = ${schema.migrations.length}`)
  })
  apply.immediate()
}

/** For migrations: the words of an event's JSON, joined by spaces. */
function wordsOfDocument(document: unknown): string {
  return searchedWords(searched(JSON.parse(String(document)) as EventDocument)).join(' ')
}
