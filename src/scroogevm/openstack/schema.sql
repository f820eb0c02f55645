CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- Inventories as they were found, which a rollback goes back to.
CREATE TABLE IF NOT EXISTS starts (
  uuid TEXT NOT NULL, kind TEXT NOT NULL, node TEXT NOT NULL, provider TEXT NOT NULL,
  record TEXT NOT NULL, time REAL NOT NULL, PRIMARY KEY (uuid, kind)
) WITHOUT ROWID;
-- Each PUT, kept before it is sent: all inventories of a provider before and after, as JSON.
CREATE TABLE IF NOT EXISTS writes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time REAL NOT NULL, uuid TEXT NOT NULL, node TEXT NOT NULL, provider TEXT NOT NULL,
  purpose TEXT NOT NULL, reason TEXT NOT NULL,
  before TEXT NOT NULL, after TEXT NOT NULL,
  answer TEXT, detail TEXT NOT NULL DEFAULT '', answered REAL
);
CREATE INDEX IF NOT EXISTS writes_of ON writes (uuid, id);
CREATE INDEX IF NOT EXISTS writes_open ON writes (id) WHERE answer IS NULL;
-- The ratio that Placement confirmed last, and since when the node has been written at all.
CREATE TABLE IF NOT EXISTS written (
  uuid TEXT NOT NULL, kind TEXT NOT NULL, node TEXT NOT NULL, ratio REAL NOT NULL,
  first REAL NOT NULL, last REAL NOT NULL, PRIMARY KEY (uuid, kind)
) WITHOUT ROWID;
-- The ratio before that, and when it was found there again.
CREATE TABLE IF NOT EXISTS replaced (
  uuid TEXT NOT NULL, kind TEXT NOT NULL, ratio REAL NOT NULL, put_back REAL NOT NULL,
  PRIMARY KEY (uuid, kind)
) WITHOUT ROWID;
-- Where nothing is written any more, until an operator adopts the node again.
CREATE TABLE IF NOT EXISTS stops (
  uuid TEXT NOT NULL, kind TEXT NOT NULL, node TEXT NOT NULL, why TEXT NOT NULL,
  time REAL NOT NULL, PRIMARY KEY (uuid, kind)
) WITHOUT ROWID;
