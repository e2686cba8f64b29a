-- A chat that the loop breaker stopped: its relays are kept and not passed on, until an admin lets it go on.
ALTER TABLE chat ADD COLUMN paused_at INTEGER;
ALTER TABLE chat ADD COLUMN paused_reason TEXT;
ALTER TABLE participant ADD COLUMN told_paused INTEGER NOT NULL DEFAULT 0;  -- 1: knows of the pause

-- Of a text that was held in a chat: which. Admins are shown how many there are.
ALTER TABLE kept ADD COLUMN chat INTEGER;
CREATE INDEX kept_chat ON kept (chat, received_at) WHERE chat IS NOT NULL;

-- What each person has texted on one day (UTC, counted from 1970).
CREATE TABLE sender_day (
    day     INTEGER NOT NULL,
    number  TEXT NOT NULL,
    texts   INTEGER NOT NULL,                         -- passed on or answered
    held    INTEGER NOT NULL,                         -- above the limit of the day
    answers INTEGER NOT NULL,                         -- to somebody in no chat
    PRIMARY KEY (day, number)
) STRICT, WITHOUT ROWID;

-- What left on each day (UTC), and what Vonage said it costs.
CREATE TABLE spent_day (
    day   INTEGER PRIMARY KEY,
    texts INTEGER NOT NULL,
    money INTEGER NOT NULL,                           -- hundred-millionths of the account's currency
    told  INTEGER NOT NULL DEFAULT 0                  -- of which percentage of a cap the admins know
) STRICT;
