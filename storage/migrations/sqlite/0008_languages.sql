-- The language somebody has asked to be texted in; who has not is not in here.
CREATE TABLE language (
    number   TEXT PRIMARY KEY,                        -- its keyed hash
    language TEXT NOT NULL,                           -- the name of its file: en, es
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
