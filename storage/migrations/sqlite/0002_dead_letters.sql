-- Whether nobody ever knew of a try of this text if it was taken: then whoever sends it again may make a copy.
ALTER TABLE outbound ADD COLUMN doubted INTEGER NOT NULL DEFAULT 0;
UPDATE outbound SET doubted = 1 WHERE state = 'uncertain' OR may_repeat = 1;

-- The rule that keeps order, widened: while the fate of one text of a conversation is open, no other is on its way.
DROP INDEX outbound_sending;
CREATE UNIQUE INDEX outbound_under_way ON outbound (line, recipient) WHERE state IN ('sending', 'uncertain');

-- One row, written to see whether the disk takes anything again.
CREATE TABLE pulse (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX orphan_receipt_age ON orphan_receipt (received_at);
