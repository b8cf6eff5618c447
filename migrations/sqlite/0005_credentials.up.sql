CREATE TABLE credentials (
    org_id          text   NOT NULL,
    id              blob   NOT NULL,
    customer_id     blob   NOT NULL,
    username        text   NOT NULL,
    username_folded text   NOT NULL,
    state           text   NOT NULL,
    -- The last day, as yyyy-MM-dd.
    expiration_date text,
    created_at      integer NOT NULL,
    ended_at        integer,
    updated_at      integer NOT NULL,
    version         integer NOT NULL,
    modified_by     text   NOT NULL,
    CONSTRAINT credentials_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT credentials_customer FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id)
) STRICT;
-- They know no calendar: whoever wants what an expired credential has ends it in the same transaction.
CREATE UNIQUE INDEX credentials_live_username ON credentials (org_id, username_folded) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX credentials_live_of_customer ON credentials (org_id, customer_id) WHERE ended_at IS NULL;
