-- What is done about numbers, links and addresses in this chat's texts; null: what the settings say.
ALTER TABLE chat ADD COLUMN guard TEXT CHECK (guard IN ('off', 'warn', 'mask'));
