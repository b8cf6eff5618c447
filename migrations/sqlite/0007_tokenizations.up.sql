ALTER TABLE accounts ADD COLUMN awaited_reference text;

CREATE TABLE tokenizations (
    org_id        text NOT NULL,
    reference_id  text NOT NULL,
    attempt       integer NOT NULL,
    account_id    blob NOT NULL,
    customer_id   blob NOT NULL,
    status        text NOT NULL,
    token_id      text,
    error_message text,
    created_at    integer NOT NULL,
    updated_at    integer NOT NULL,
    version       integer NOT NULL,
    modified_by   text NOT NULL,
    CONSTRAINT tokenizations_pkey PRIMARY KEY (org_id, reference_id, attempt),
    CONSTRAINT tokenizations_account FOREIGN KEY (org_id, account_id) REFERENCES accounts (org_id, id)
) STRICT;
CREATE INDEX tokenizations_of_account ON tokenizations (org_id, account_id, created_at);
CREATE UNIQUE INDEX tokenizations_pending ON tokenizations (org_id, account_id) WHERE status = 'PENDING';
CREATE INDEX cards_of_customer ON cards (org_id, customer_id, created_at);
