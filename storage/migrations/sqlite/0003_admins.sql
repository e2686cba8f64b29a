-- Admins that were added by text; those of the settings are not in here.
CREATE TABLE admin (
    number   TEXT PRIMARY KEY,
    added_by TEXT NOT NULL,
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- People whose texts are dropped.
CREATE TABLE block (
    number     TEXT PRIMARY KEY,
    blocked_by TEXT NOT NULL,
    blocked_at INTEGER NOT NULL,
    until      INTEGER NOT NULL                       -- the end of time where nothing but UNBLOCK ends it
) STRICT, WITHOUT ROWID;

-- What counts against an admin's codes: asked, wrong, and that the limit was told.
CREATE TABLE code_event (
    id    INTEGER PRIMARY KEY,
    admin TEXT NOT NULL,
    what  TEXT NOT NULL CHECK (what IN ('asked', 'wrong', 'told')),
    at    INTEGER NOT NULL
) STRICT;

CREATE INDEX code_event_admin ON code_event (admin, what, at);

-- No code of this admin's counts until then.
CREATE TABLE code_lock (
    admin TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The last time step of an admin's authenticator that was used: it and all before are worth nothing.
CREATE TABLE authenticator_step (
    admin TEXT PRIMARY KEY,
    step  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Acts that UNDO may take back for two minutes, with what it was like before.
CREATE TABLE undoable (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    admin        TEXT NOT NULL,
    what         TEXT NOT NULL,
    chat         INTEGER REFERENCES chat (id),
    number       TEXT,
    until_before INTEGER,                             -- the former end of a chat or of a block; null: there was none
    at           INTEGER NOT NULL,
    undone       INTEGER NOT NULL DEFAULT 0 CHECK (undone IN (0, 1)),
    CHECK ((chat IS NULL) <> (number IS NULL))
) STRICT;

CREATE INDEX undoable_admin ON undoable (admin, id);

-- What admins did and what befell their security. Numbers masked, no texts; nothing in it is ever changed.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    kind    TEXT NOT NULL CHECK (kind IN ('act', 'security')),
    who     TEXT NOT NULL,                            -- *0123, or a part of the service
    what    TEXT NOT NULL,
    whom    TEXT,                                     -- *0123
    chat    INTEGER,
    outcome TEXT NOT NULL
) STRICT;

CREATE INDEX audit_at ON audit (at);

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- INSERT OR REPLACE takes a row away without the trigger above.
CREATE TRIGGER audit_is_never_replaced BEFORE INSERT ON audit WHEN NEW.id IN (SELECT id FROM audit) BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- For CHECK: the last text to somebody.
CREATE INDEX outbound_recipient ON outbound (recipient, id);
