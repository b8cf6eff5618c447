-- Of accounts, by their external ids. No foreign key: that id is not unique, and a contract may arrive before its account.
CREATE TABLE contracts (
    org_id              text    NOT NULL,
    id                  blob    NOT NULL,
    account_external_id text    NOT NULL,
    start_date          integer NOT NULL,
    end_date            integer,
    requests            text    NOT NULL,
    CONSTRAINT contracts_pkey PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX contracts_of_account ON contracts (org_id, account_external_id, start_date, id);

CREATE TABLE identification_processes (
    org_id        text    NOT NULL,
    id            blob    NOT NULL,
    customer_id   blob    NOT NULL,
    process_date  integer NOT NULL,
    document_name text    NOT NULL,
    document_type text    NOT NULL,
    media_type    text    NOT NULL,
    size_bytes    integer NOT NULL,
    document_key  text    NOT NULL,
    CONSTRAINT identification_processes_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT identification_processes_customer FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id)
) STRICT;
CREATE INDEX identification_processes_of_customer ON identification_processes (org_id, customer_id, process_date, id);
