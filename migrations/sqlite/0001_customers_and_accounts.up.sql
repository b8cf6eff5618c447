-- External ids of customers and accounts that come from older systems lie below this start.
CREATE TABLE external_id_sequences (
    name       text    NOT NULL PRIMARY KEY,
    next_value integer NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO external_id_sequences (name, next_value) VALUES ('customer_external_id', 1000000000), ('account_external_id', 1000000000);

-- Instants are microseconds since 1970-01-01 UTC, on every engine.
CREATE TABLE customers (
    org_id             text   NOT NULL,
    id                 blob   NOT NULL,
    external_id        text,
    type               text   NOT NULL,
    segment            text,
    preferred_language text   NOT NULL,
    document_type      text,
    document_number    text,
    digital_email      text,
    profile            text   NOT NULL,
    created_at         integer NOT NULL,
    ended_at           integer,
    updated_at         integer NOT NULL,
    version            integer NOT NULL,
    modified_by        text   NOT NULL,
    CONSTRAINT customers_pkey PRIMARY KEY (org_id, id)
) STRICT;
-- The number comes first in both, because a search may leave out the type.
CREATE UNIQUE INDEX customers_live_document ON customers (org_id, document_number, document_type) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX customers_live_digital_email ON customers (org_id, digital_email)
    WHERE ended_at IS NULL AND digital_email IS NOT NULL;
-- Not unique: imported customers may share an external id.
CREATE INDEX customers_live_external_id ON customers (org_id, external_id) WHERE ended_at IS NULL;

CREATE TABLE former_identity_documents (
    org_id          text   NOT NULL,
    customer_id     blob   NOT NULL,
    version         integer NOT NULL,
    position        integer NOT NULL,
    document_type   text   NOT NULL,
    document_number text   NOT NULL,
    replaced_at     integer NOT NULL,
    replaced_by     text   NOT NULL,
    CONSTRAINT former_identity_documents_pkey PRIMARY KEY (org_id, customer_id, version, position),
    CONSTRAINT former_identity_documents_customer FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id)
) STRICT;

CREATE TABLE former_representatives (
    org_id         text   NOT NULL,
    customer_id    blob   NOT NULL,
    version        integer NOT NULL,
    position       integer NOT NULL,
    representative text   NOT NULL,
    replaced_at    integer NOT NULL,
    replaced_by    text   NOT NULL,
    CONSTRAINT former_representatives_pkey PRIMARY KEY (org_id, customer_id, version, position),
    CONSTRAINT former_representatives_customer FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id)
) STRICT;

CREATE TABLE accounts (
    org_id                 text   NOT NULL,
    id                     blob   NOT NULL,
    customer_id            blob   NOT NULL,
    external_id            text,
    contract_reference     text,
    modality               text   NOT NULL,
    billing_address        text,
    payment_method_type    text,
    payment_method_details text,
    invoice                text,
    created_at             integer NOT NULL,
    ended_at               integer,
    updated_at             integer NOT NULL,
    version                integer NOT NULL,
    modified_by            text   NOT NULL,
    CONSTRAINT accounts_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT accounts_customer FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id)
) STRICT;
CREATE INDEX accounts_live_of_customer ON accounts (org_id, customer_id, created_at, id) WHERE ended_at IS NULL;
CREATE INDEX accounts_live_external_id ON accounts (org_id, external_id) WHERE ended_at IS NULL;

-- The version of the account that brought an entry orders the history, and its position among what that version brought.
CREATE TABLE payment_method_history (
    org_id      text   NOT NULL,
    account_id  blob   NOT NULL,
    version     integer NOT NULL,
    position    integer NOT NULL,
    type        text   NOT NULL,
    details     text,
    created_at  integer NOT NULL,
    modified_by text   NOT NULL,
    CONSTRAINT payment_method_history_pkey PRIMARY KEY (org_id, account_id, version, position),
    CONSTRAINT payment_method_history_account FOREIGN KEY (org_id, account_id) REFERENCES accounts (org_id, id)
) STRICT;

CREATE TABLE billing_address_history (
    org_id          text   NOT NULL,
    account_id      blob   NOT NULL,
    version         integer NOT NULL,
    position        integer NOT NULL,
    billing_address text   NOT NULL,
    init_date       integer NOT NULL,
    end_date        integer,
    modified_by     text   NOT NULL,
    CONSTRAINT billing_address_history_pkey PRIMARY KEY (org_id, account_id, version, position),
    CONSTRAINT billing_address_history_account FOREIGN KEY (org_id, account_id) REFERENCES accounts (org_id, id)
) STRICT;

CREATE TABLE cards (
    org_id          text   NOT NULL,
    token_id        text   NOT NULL,
    customer_id     blob   NOT NULL,
    last_four       text   NOT NULL,
    expiration_date text   NOT NULL,
    created_at      integer NOT NULL,
    CONSTRAINT cards_pkey PRIMARY KEY (org_id, token_id),
    CONSTRAINT cards_customer FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id)
) STRICT;
