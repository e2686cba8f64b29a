-- Times are integer milliseconds since 1970, UTC. Numbers are E.164 with their +.

CREATE TABLE chat (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given out twice: admins hold on to it
    label         TEXT,
    open          INTEGER NOT NULL CHECK (open IN (0, 1)),
    opened_by     TEXT NOT NULL,                      -- an admin's number, or 'api'
    opened_at     INTEGER NOT NULL,
    active_at     INTEGER NOT NULL,                   -- what the idle end counts from
    expires_at    INTEGER,                            -- the fixed end; null: none
    closed_at     INTEGER,
    closed_reason TEXT,
    CHECK (open = (closed_at IS NULL)),
    UNIQUE (id, open)
) STRICT;

CREATE INDEX chat_idle ON chat (active_at) WHERE open = 1;
CREATE INDEX chat_expiry ON chat (expires_at) WHERE open = 1 AND expires_at IS NOT NULL;
CREATE INDEX chat_label ON chat (lower(label)) WHERE open = 1 AND label IS NOT NULL;

CREATE TABLE participant (
    chat         INTEGER NOT NULL,
    side         TEXT NOT NULL CHECK (side IN ('A', 'B')),
    number       TEXT NOT NULL,
    line         TEXT NOT NULL,
    open         INTEGER NOT NULL,                    -- the chat's own, kept equal by the foreign key
    texts        INTEGER NOT NULL DEFAULT 0,
    last_text_at INTEGER,
    PRIMARY KEY (chat, side),
    FOREIGN KEY (chat, open) REFERENCES chat (id, open) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;

-- The rule that keeps chats apart: on one line, a person is in one open chat.
CREATE UNIQUE INDEX participant_seat ON participant (line, number) WHERE open = 1;
CREATE INDEX participant_number ON participant (number, line);

-- The provider's ids of every text and part taken: a repeat is dropped here.
CREATE TABLE seen (
    message_id  TEXT PRIMARY KEY,
    received_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX seen_age ON seen (received_at);

-- Texts that went nowhere, and why: from strangers, from short codes, empty, or met by a fault of ours.
CREATE TABLE kept (
    id          INTEGER PRIMARY KEY,
    message_id  TEXT NOT NULL,
    sender      TEXT NOT NULL,
    line        TEXT NOT NULL,
    text        TEXT,
    stamped_at  INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    reason      TEXT NOT NULL
) STRICT;

-- A long text while its parts come in. Kept a while after it is done, so that a late part finds it.
CREATE TABLE gathering (
    id         INTEGER PRIMARY KEY,
    sender     TEXT NOT NULL,
    line       TEXT NOT NULL,
    ref        TEXT NOT NULL,
    total      INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    due_at     INTEGER,                               -- when what is there goes out; null: it has gone
    stamped_at INTEGER NOT NULL                       -- of the part that came first
) STRICT;

CREATE INDEX gathering_key ON gathering (sender, line, ref, total, id);
CREATE INDEX gathering_due ON gathering (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE gathered_part (
    gathering  INTEGER NOT NULL REFERENCES gathering (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,                      -- counted from 1
    message_id TEXT NOT NULL,
    text       TEXT NOT NULL,                         -- emptied once it has gone out
    PRIMARY KEY (gathering, position)
) STRICT, WITHOUT ROWID;

-- The outbox: everything that leaves, in the order it was decided.
CREATE TABLE outbound (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,    -- the order inside a conversation (line, recipient)
    line        TEXT NOT NULL,
    recipient   TEXT NOT NULL,
    text        TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('relay', 'reply', 'notice')),
    chat        INTEGER REFERENCES chat (id),
    sender      TEXT,                                 -- of a relay: whose text it is, and on which line
    sender_line TEXT,
    cause       TEXT,                                 -- message id of the inbound text behind it
    client_ref  TEXT NOT NULL UNIQUE,                 -- random; comes back in receipts
    state       TEXT NOT NULL CHECK (state IN
        ('queued', 'sending', 'accepted', 'delivered', 'undelivered', 'uncertain', 'dead', 'cancelled')),
    not_before  INTEGER NOT NULL DEFAULT 0,           -- held back until then
    ready_at    INTEGER,                              -- may be claimed from then; null: waits behind another
    owner       TEXT,                                 -- the run of the process that claimed it
    attempt     INTEGER NOT NULL DEFAULT 0,           -- claims: with owner, the proof that a claim still holds
    tries       INTEGER NOT NULL DEFAULT 0,           -- of those, the ones that count against it
    tried_at    INTEGER,                              -- when the first of them was
    resend      INTEGER NOT NULL DEFAULT 1,           -- 0: in doubt never sent again
    may_repeat  INTEGER NOT NULL DEFAULT 0,           -- 1: the recipient may have got it twice
    parts       INTEGER,                              -- as Vonage counted them
    reason      TEXT,                                 -- why it is dead, uncertain, undelivered or cancelled
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    CHECK ((sender IS NULL) = (sender_line IS NULL)),
    CHECK (kind <> 'relay' OR (chat IS NOT NULL AND sender IS NOT NULL))
) STRICT;

-- The rule that keeps order: one text of a conversation is on its way at a time.
CREATE UNIQUE INDEX outbound_sending ON outbound (line, recipient) WHERE state = 'sending';
-- The heads of the conversations, in the order they became ready: claiming walks this, so nobody is starved.
CREATE INDEX outbound_ready ON outbound (line, ready_at, id) WHERE state = 'queued' AND ready_at IS NOT NULL;
CREATE INDEX outbound_waiting ON outbound (recipient, line, id) WHERE state IN ('queued', 'sending', 'uncertain');
CREATE INDEX outbound_uncertain ON outbound (changed_at) WHERE state = 'uncertain';
-- What STATUS and /readyz count, without a look at the rows.
CREATE INDEX outbound_unsettled ON outbound (state, created_at, not_before)
    WHERE state IN ('queued', 'sending', 'uncertain', 'dead');
CREATE INDEX outbound_chat ON outbound (chat) WHERE state IN ('queued', 'sending', 'uncertain');

-- What Vonage made of a text: an id and a last word for each part.
CREATE TABLE sent_part (
    message_id TEXT PRIMARY KEY,
    outbound   INTEGER NOT NULL REFERENCES outbound (id) ON DELETE CASCADE,
    status     TEXT NOT NULL,
    rank       INTEGER NOT NULL,                      -- of the status: only a higher one replaces it
    err_code   TEXT,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sent_part_outbound ON sent_part (outbound);

-- Receipts that fit no text of ours (yet): kept, for the answer to a send may still be on its way.
CREATE TABLE orphan_receipt (
    message_id  TEXT PRIMARY KEY,
    client_ref  TEXT,
    status      TEXT NOT NULL,
    rank        INTEGER NOT NULL,
    err_code    TEXT,
    received_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE opt_out (
    number TEXT PRIMARY KEY,
    at     INTEGER NOT NULL,
    source TEXT NOT NULL                              -- 'text', or 'receipt' where the carrier told us
) STRICT, WITHOUT ROWID;

-- What somebody was told and when, where once a day is enough.
CREATE TABLE told (
    number TEXT NOT NULL,
    what   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (number, what)
) STRICT, WITHOUT ROWID;

CREATE TABLE pending_code (
    admin      TEXT PRIMARY KEY,                      -- the newest replaces the older
    line       TEXT NOT NULL,
    command    TEXT NOT NULL,
    code_hash  BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How far an admin has leafed through LIST.
CREATE TABLE list_page (
    admin     TEXT PRIMARY KEY,
    after     INTEGER NOT NULL,
    turned_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
