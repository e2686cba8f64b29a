-- A late text must not reach the wrong partner: what a person in a chat texts may have been meant for a former one.
ALTER TABLE participant ADD COLUMN fresh_from INTEGER;     -- stamped up to then, it may have been; null: there is no other
ALTER TABLE participant ADD COLUMN guarded_until INTEGER;  -- the first text stamped up to then is sent back
ALTER TABLE participant ADD COLUMN introduction TEXT;      -- client-ref of our text that it is somebody new, till accepted

CREATE INDEX participant_introduction ON participant (introduction) WHERE introduction IS NOT NULL;

-- The last chat of a person on a line that has ended. Apart from participant: a chat may be opened again on another line.
CREATE TABLE line_use (
    number     TEXT NOT NULL,
    line       TEXT NOT NULL,
    partner    TEXT,                                  -- null: whom the person took it to be is not certain
    fresh_from INTEGER,
    ended_at   INTEGER NOT NULL,
    PRIMARY KEY (number, line)
) STRICT, WITHOUT ROWID;

-- The other columns are those of the row that has the maximum.
INSERT INTO line_use (number, line, partner, ended_at)
SELECT me.number, me.line, partner.number, max(chat.closed_at)
FROM participant AS me
JOIN participant AS partner ON partner.chat = me.chat AND partner.side <> me.side
JOIN chat ON chat.id = me.chat AND chat.open = 0
GROUP BY me.number, me.line;

UPDATE line_use SET fresh_from = (
    SELECT max(chat.closed_at)
    FROM participant AS me
    JOIN participant AS partner ON partner.chat = me.chat AND partner.side <> me.side
    JOIN chat ON chat.id = me.chat AND chat.open = 0
    WHERE me.number = line_use.number AND me.line = line_use.line AND partner.number <> line_use.partner
);

UPDATE participant SET fresh_from = (
    SELECT max(chat.closed_at)
    FROM participant AS me
    JOIN participant AS former ON former.chat = me.chat AND former.side <> me.side
    JOIN chat ON chat.id = me.chat AND chat.open = 0
    JOIN participant AS partner ON partner.chat = participant.chat AND partner.side <> participant.side
    WHERE me.number = participant.number AND me.line = participant.line AND former.number <> partner.number
) WHERE open = 1;
