CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- Arrays by the hash of their content; a place of the state names the ones it is made of.
CREATE TABLE IF NOT EXISTS blobs (digest BLOB PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (
  place TEXT NOT NULL, name TEXT NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (place, name)
) WITHOUT ROWID;
-- Windows that were judged: what was told, and the numbers of every node, place by place.
CREATE TABLE IF NOT EXISTS windows (
  number INTEGER PRIMARY KEY, end REAL NOT NULL, judged_at REAL NOT NULL, note TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS history (
  number INTEGER NOT NULL, place TEXT NOT NULL, name TEXT NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (number, place, name)
) WITHOUT ROWID;
-- In which places the numbers of a node have ever been.
CREATE TABLE IF NOT EXISTS places (
  node TEXT NOT NULL, place TEXT NOT NULL, PRIMARY KEY (node, place)
) WITHOUT ROWID;
-- Totals of the ledger: a day, a place, an array.
CREATE TABLE IF NOT EXISTS days (
  day INTEGER NOT NULL, place TEXT NOT NULL, name TEXT NOT NULL, digest BLOB NOT NULL,
  data BLOB NOT NULL, PRIMARY KEY (day, place, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time REAL NOT NULL, kind TEXT NOT NULL, node TEXT NOT NULL, text TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS holds (
  node TEXT PRIMARY KEY, since REAL NOT NULL, by TEXT NOT NULL, note TEXT NOT NULL,
  free TEXT NOT NULL
) WITHOUT ROWID;
