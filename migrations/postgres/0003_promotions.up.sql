-- Days are text, yyyy-MM-dd, on every engine.
CREATE TABLE promotions (
    org_id       text    NOT NULL,
    id           uuid    NOT NULL,
    account_id   uuid    NOT NULL,
    promotion_id integer NOT NULL,
    start_date   text    NOT NULL,
    end_date     text,
    cancelled_at bigint,
    created_at   bigint  NOT NULL,
    updated_at   bigint  NOT NULL,
    version      bigint  NOT NULL,
    modified_by  text    NOT NULL,
    CONSTRAINT promotions_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT promotions_account FOREIGN KEY (org_id, account_id) REFERENCES accounts (org_id, id)
);
CREATE INDEX promotions_of_account ON promotions (org_id, account_id, start_date, id) WHERE cancelled_at IS NULL;

-- What was done, in the order of the ids, and the state in which each operation left the promotion.
CREATE TABLE promotion_history (
    id                   bigint  GENERATED ALWAYS AS IDENTITY,
    org_id               text    NOT NULL,
    account_id           uuid    NOT NULL,
    account_promotion_id uuid    NOT NULL,
    promotion_id         integer NOT NULL,
    start_date           text    NOT NULL,
    end_date             text,
    operation            text    NOT NULL,
    -- The day where the customers lived; the time zone may be configured otherwise later.
    operation_date       text    NOT NULL,
    created_at           bigint  NOT NULL,
    modified_by          text    NOT NULL,
    CONSTRAINT promotion_history_pkey PRIMARY KEY (id),
    CONSTRAINT promotion_history_promotion FOREIGN KEY (org_id, account_promotion_id) REFERENCES promotions (org_id, id)
);
CREATE INDEX promotion_history_of_account ON promotion_history (org_id, account_id, id);
