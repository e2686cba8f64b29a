-- From here on no number and no text lies in the file readable (storage/vault.py). A number's own column holds its keyed
-- hash, by which it is found and compared; where it must be read again it is sealed beside it. Lines are ours, and stay
-- as they are, as do labels. The functions are the vault's, known to the connection that migrates.

-- A proof for each key that something may be sealed with: a file of other keys is noticed before it does harm.
CREATE TABLE vault_key (
    id    TEXT PRIMARY KEY,                           -- 'index' for what makes the hashes
    proof BLOB NOT NULL
) STRICT, WITHOUT ROWID;

UPDATE chat SET opened_by = number_index(opened_by) WHERE opened_by <> 'api';

ALTER TABLE participant ADD COLUMN sealed BLOB NOT NULL DEFAULT x'';
ALTER TABLE participant ADD COLUMN tail TEXT NOT NULL DEFAULT '';  -- keyed hash of the last four digits
UPDATE participant SET sealed = seal_number(number), tail = tail_index(number), number = number_index(number);
CREATE INDEX participant_tail ON participant (tail, number);

ALTER TABLE outbound ADD COLUMN recipient_sealed BLOB NOT NULL DEFAULT x'';
ALTER TABLE outbound ADD COLUMN sender_sealed BLOB;
ALTER TABLE outbound ADD COLUMN sealed_text BLOB;     -- null: its time is over
UPDATE outbound SET
    recipient_sealed = seal_number(recipient), recipient = number_index(recipient),
    sender_sealed = seal_number(sender), sender = number_index(sender),
    sealed_text = seal_text(text, 'outbound ' || client_ref);
ALTER TABLE outbound DROP COLUMN text;
ALTER TABLE outbound RENAME COLUMN sealed_text TO text;

ALTER TABLE kept ADD COLUMN raw_sealed BLOB;          -- the sender as Vonage wrote it: perhaps no telephone number
ALTER TABLE kept ADD COLUMN sealed_text BLOB;
UPDATE kept SET
    raw_sealed = seal_text(sender, 'kept from ' || message_id), sender = raw_index(sender),  -- '': no telephone number
    sealed_text = seal_text(text, 'kept ' || message_id);
ALTER TABLE kept DROP COLUMN text;
ALTER TABLE kept RENAME COLUMN sealed_text TO text;
CREATE INDEX kept_sender ON kept (sender);

ALTER TABLE gathering ADD COLUMN sealed BLOB NOT NULL DEFAULT x'';
UPDATE gathering SET sealed = seal_number(sender), sender = number_index(sender);
ALTER TABLE gathered_part ADD COLUMN sealed_text BLOB;  -- null once it has gone out
UPDATE gathered_part SET sealed_text = seal_text(text, 'part ' || message_id) WHERE text <> '';
ALTER TABLE gathered_part DROP COLUMN text;
ALTER TABLE gathered_part RENAME COLUMN sealed_text TO text;

UPDATE opt_out SET number = number_index(number);
UPDATE told SET number = number_index(number);
UPDATE sender_day SET number = number_index(number);
UPDATE list_page SET admin = number_index(admin);

ALTER TABLE admin ADD COLUMN sealed BLOB NOT NULL DEFAULT x'';
UPDATE admin SET sealed = seal_number(number), number = number_index(number), added_by = number_index(added_by);

ALTER TABLE block ADD COLUMN sealed BLOB NOT NULL DEFAULT x'';
ALTER TABLE block ADD COLUMN tail TEXT NOT NULL DEFAULT '';
UPDATE block SET sealed = seal_number(number), tail = tail_index(number), number = number_index(number),
    blocked_by = number_index(blocked_by);

ALTER TABLE undoable ADD COLUMN sealed BLOB;
UPDATE undoable SET sealed = seal_number(number), number = number_index(number), admin = number_index(admin);

-- Codes live for five minutes: whoever waits for one asks again.
DELETE FROM pending_code;
ALTER TABLE pending_code DROP COLUMN command;
ALTER TABLE pending_code ADD COLUMN command BLOB NOT NULL DEFAULT x'';
UPDATE code_event SET admin = number_index(admin);
UPDATE code_lock SET admin = number_index(admin);
UPDATE authenticator_step SET admin = number_index(admin);
