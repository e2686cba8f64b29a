-- The API's tokens as the service last saw them in their file (storage/tokens.py), and when each was used.
CREATE TABLE api_token (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL,
    used_at INTEGER                                   -- written at most once an hour; null: never
) STRICT, WITHOUT ROWID;
