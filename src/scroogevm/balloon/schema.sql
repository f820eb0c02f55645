CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);

-- VMs that are smaller than they were, or may be: kept before a balloon is asked for anything.
CREATE TABLE IF NOT EXISTS held (
    node TEXT NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    run INTEGER NOT NULL,      -- libvirt's number of the VM while it runs
    spent REAL NOT NULL,       -- seconds of cpu that this run had used by then
    original REAL NOT NULL,    -- MiB before it was first shrunk
    before REAL NOT NULL,      -- MiB when it was last asked
    asked REAL NOT NULL,       -- MiB that it was last asked to be
    time REAL NOT NULL,        -- when, seconds since 1970
    reached INTEGER NOT NULL,  -- whether it was seen to be as asked
    taken INTEGER NOT NULL,    -- whether somebody else changed it since
    PRIMARY KEY (node, uuid)
);

CREATE TABLE IF NOT EXISTS acts (
    id INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    node TEXT NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    act TEXT NOT NULL,
    before REAL NOT NULL,
    after REAL NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS acts_by_time ON acts (time);
