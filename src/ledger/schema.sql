-- The ledger's time, and the machine's clocks when it was last written.
CREATE TABLE time (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    now INTEGER NOT NULL,
    boot TEXT NOT NULL,
    uptime INTEGER NOT NULL,
    wall INTEGER NOT NULL,
    swept INTEGER NOT NULL DEFAULT 0,
    seeded INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A counter and a key. The total may reach `covered` before the next durable write.
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    counter TEXT NOT NULL,
    key TEXT NOT NULL,
    covered INTEGER NOT NULL,
    UNIQUE (counter, key)
) STRICT;

-- Each hit with the total of its series up to and including it, so that the sum of a
-- window is the difference of two rows.
CREATE TABLE hit (
    series INTEGER NOT NULL,
    at INTEGER NOT NULL,
    n INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    total INTEGER NOT NULL,
    PRIMARY KEY (series, at, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE person (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE pause (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    until INTEGER NOT NULL,
    why TEXT NOT NULL
) STRICT;
