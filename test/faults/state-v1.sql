-- A state as version 1 has written it: some of everything that it keeps. Never changes.
BEGIN TRANSACTION;
CREATE TABLE alert (
  fingerprint TEXT NOT NULL, starts_at TEXT NOT NULL, state TEXT NOT NULL,
  starts_ms INTEGER NOT NULL, ends_ms INTEGER, document TEXT NOT NULL,
  PRIMARY KEY (fingerprint, starts_at)
) STRICT;
INSERT INTO "alert" VALUES('f1','2026-11-01T10:00:00.000Z','firing',1793527200000,NULL,'{"rule":"server-errors","labels":{},"state":"firing","acknowledged":false,"muted":false,"nodata":false,"startsAt":"2026-11-01T10:00:00.000Z","endsAt":null,"sha":"3b77d0c5ae","deploy":"d1","fixedBy":null,"suspects":[{"sha":"abc1234","share":1}],"value":20,"threshold":10,"summary":"errors are up","samples":["cannot open /a"],"fingerprint":"f1"}');
CREATE TABLE backlog (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL
) STRICT;
INSERT INTO "backlog" VALUES(1,'e1','{"id":"e1","time":5000,"service":"web","env":"production","source":"app","partition":"app.log","position":0,"level":"error","status":null,"signature":"a1","sha":null,"text":"cannot open /a","stack":null,"fields":{"message":"cannot open /a","line":7}}');
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO "counter" VALUES('backlog_dropped',0);
INSERT INTO "counter" VALUES('commits',7);
INSERT INTO "counter" VALUES('writes',8);
CREATE TABLE deploy (
  id TEXT PRIMARY KEY, start_ms INTEGER NOT NULL, env TEXT NOT NULL, service TEXT NOT NULL,
  document TEXT NOT NULL
) STRICT;
INSERT INTO "deploy" VALUES('d1',1793527200000,'production','=web','{"id":"d1","sha":"3b77d0c5ae","previous":null,"env":"production","service":"web","by":"alice","url":null,"start":"2026-11-01T10:00:00.000Z","end":null,"kind":"push","status":"done"}');
CREATE TABLE notification (
  seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, receiver TEXT NOT NULL, state TEXT NOT NULL,
  created_at INTEGER NOT NULL, document TEXT NOT NULL
) STRICT;
INSERT INTO "notification" VALUES(1,'k1','hook','waiting',1000,'{"key":"k1","receiver":"hook","groupKey":"g1","transitions":["t1"],"body":"{}","state":"waiting","attempts":0,"nextAttemptAt":1000,"createdAt":1000,"error":null}');
CREATE TABLE pane (
  width INTEGER NOT NULL, start INTEGER NOT NULL, env TEXT NOT NULL, service TEXT NOT NULL,
  kind TEXT NOT NULL, id TEXT NOT NULL, count INTEGER NOT NULL, late INTEGER NOT NULL,
  PRIMARY KEY (width, start, env, service, kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "pane" VALUES(1,1000,'production','=web','requests','',3,0);
INSERT INTO "pane" VALUES(1,1000,'production','=web','status','500',2,1);
CREATE TABLE record (
  kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)
) STRICT;
INSERT INTO "record" VALUES('partition','/var/log/a.log','{"lines":6}');
CREATE TABLE signature (
  env TEXT NOT NULL, service TEXT NOT NULL, id TEXT NOT NULL, group_id TEXT NOT NULL,
  template TEXT NOT NULL, level TEXT, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
  count INTEGER NOT NULL, sample TEXT NOT NULL, PRIMARY KEY (env, service, id)
) STRICT;
INSERT INTO "signature" VALUES('production','=web','a1','a1','no such cart','error',5000,5000,2,'cannot open /a');
CREATE TABLE transition (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL,
  dispatched INTEGER NOT NULL DEFAULT 0, document TEXT NOT NULL
) STRICT;
INSERT INTO "transition" VALUES(1,'t1',1000,1,'{"id":"t1","kind":"firing","at":1000,"alert":{"rule":"server-errors","labels":{},"state":"firing","acknowledged":false,"muted":false,"nodata":false,"startsAt":"2026-11-01T10:00:00.000Z","endsAt":null,"sha":"3b77d0c5ae","deploy":"d1","fixedBy":null,"suspects":[{"sha":"abc1234","share":1}],"value":20,"threshold":10,"summary":"errors are up","samples":["cannot open /a"],"fingerprint":"f1"}}');
INSERT INTO "transition" VALUES(2,'t2',2000,0,'{"id":"t2","kind":"updated","at":2000,"alert":{"rule":"server-errors","labels":{},"state":"firing","acknowledged":false,"muted":false,"nodata":false,"startsAt":"2026-11-01T10:00:00.000Z","endsAt":null,"sha":"3b77d0c5ae","deploy":"d1","fixedBy":null,"suspects":[{"sha":"abc1234","share":1}],"value":20,"threshold":10,"summary":"errors are up","samples":["cannot open /a"],"fingerprint":"f1"}}');
CREATE INDEX signature_last_seen ON signature (last_seen);
CREATE INDEX alert_starts_ms ON alert (starts_ms);
CREATE INDEX alert_state ON alert (state, starts_ms);
CREATE INDEX transition_undispatched ON transition (seq) WHERE dispatched = 0;
CREATE INDEX notification_waiting ON notification (receiver, seq) WHERE state = 'waiting';
INSERT INTO "sqlite_sequence" VALUES('transition',2);
INSERT INTO "sqlite_sequence" VALUES('backlog',1);
COMMIT;
PRAGMA user_version = 1;
