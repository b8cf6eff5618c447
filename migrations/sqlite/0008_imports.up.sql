-- The lines that were imported, by what they are recognised by when they come again; the digest stands for all that they said.
CREATE TABLE imported_lines (
    org_id      text    NOT NULL,
    kind        text    NOT NULL,
    key         text    NOT NULL,
    digest      text    NOT NULL,
    imported_at integer  NOT NULL,
    CONSTRAINT imported_lines_pkey PRIMARY KEY (org_id, kind, key)
) STRICT, WITHOUT ROWID;

-- Only an import asks for those that have ended.
CREATE INDEX customers_ended_external_id ON customers (org_id, external_id) WHERE ended_at IS NOT NULL;
CREATE INDEX accounts_ended_external_id ON accounts (org_id, external_id) WHERE ended_at IS NOT NULL;
