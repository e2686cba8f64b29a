-- How far the taking away of what is old has come, and what an erasure has left to do.
CREATE TABLE retention (
    what    TEXT PRIMARY KEY,                         -- 'texts': up to which id of outbound the words are gone
    through INTEGER NOT NULL                          -- 'rewrite': since when the file has to be written anew
) STRICT, WITHOUT ROWID;

-- Chats that still know who was in them. When that is over, the row stays: ids are never given out twice.
CREATE INDEX chat_closed ON chat (closed_at) WHERE open = 0 AND opened_by <> '';

CREATE INDEX line_use_age ON line_use (ended_at);
CREATE INDEX told_age ON told (at);
