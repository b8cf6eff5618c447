-- Who has changed what; in the order of the ids. Kept for ever: nobody may change or delete a row.
CREATE TABLE audit (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    org_id      text   NOT NULL,
    customer_id uuid,
    at          bigint NOT NULL,
    actor       text   NOT NULL,
    request_id  text   NOT NULL,
    operation   text   NOT NULL,
    entity      text   NOT NULL,
    entity_id   text   NOT NULL,
    -- Paths, separated by spaces.
    fields      text   NOT NULL,
    CONSTRAINT audit_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_of_customer ON audit (org_id, customer_id, id) WHERE customer_id IS NOT NULL;

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only';
END
$$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- What has to happen outside; a row goes when it has happened. What stands in one queue of a neighbour happens oldest first.
CREATE TABLE outbox (
    id          bigint  GENERATED ALWAYS AS IDENTITY,
    org_id      text    NOT NULL,
    neighbour   text    NOT NULL,
    queue       text    NOT NULL,
    customer_id uuid    NOT NULL,
    effect      jsonb   NOT NULL,
    request_id  text    NOT NULL,
    created_at  bigint  NOT NULL,
    attempts    integer NOT NULL,
    failures    integer NOT NULL,
    due_at      bigint  NOT NULL,
    parked_at   bigint,
    last_error  text,
    CONSTRAINT outbox_pkey PRIMARY KEY (id)
);
CREATE INDEX outbox_due ON outbox (neighbour, due_at) WHERE parked_at IS NULL;
CREATE INDEX outbox_order ON outbox (org_id, neighbour, queue, id);
