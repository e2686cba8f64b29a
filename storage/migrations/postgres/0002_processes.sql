-- The processes that serve, and which of them sends what leaves on each line. Times here are those of this server, for
-- the clocks of two machines may differ.

CREATE TABLE process (
    owner  TEXT PRIMARY KEY,                          -- names one run of one process
    lines  TEXT[] NOT NULL,                           -- as its settings name them
    sent   BIGINT NOT NULL,                           -- how many texts it has sent since it last said so
    until  BIGINT NOT NULL                            -- it lives, as far as is known
);

CREATE TABLE line_lease (
    line  TEXT PRIMARY KEY,                           -- or what else one process does for all
    owner TEXT,
    fence BIGINT NOT NULL DEFAULT 0,                  -- one more with each owner
    until BIGINT NOT NULL DEFAULT 0                   -- nobody else sends on it before then
);
