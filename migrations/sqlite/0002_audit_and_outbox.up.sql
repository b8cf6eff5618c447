-- Who has changed what; in the order of the ids. Kept for ever: nobody may change or delete a row.
CREATE TABLE audit (
    id          integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    org_id      text    NOT NULL,
    customer_id blob,
    at          integer NOT NULL,
    actor       text    NOT NULL,
    request_id  text    NOT NULL,
    operation   text    NOT NULL,
    entity      text    NOT NULL,
    entity_id   text    NOT NULL,
    -- Paths, separated by spaces.
    fields      text    NOT NULL
) STRICT;
CREATE INDEX audit_of_customer ON audit (org_id, customer_id, id) WHERE customer_id IS NOT NULL;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
-- REPLACE deletes without firing the trigger on deletions. A row without an id yet has -1 here.
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

-- What has to happen outside; a row goes when it has happened. What stands in one queue of a neighbour happens oldest first.
CREATE TABLE outbox (
    id          integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    org_id      text    NOT NULL,
    neighbour   text    NOT NULL,
    queue       text    NOT NULL,
    customer_id blob    NOT NULL,
    effect      text    NOT NULL,
    request_id  text    NOT NULL,
    created_at  integer NOT NULL,
    attempts    integer NOT NULL,
    failures    integer NOT NULL,
    due_at      integer NOT NULL,
    parked_at   integer,
    last_error  text
) STRICT;
CREATE INDEX outbox_due ON outbox (neighbour, due_at) WHERE parked_at IS NULL;
CREATE INDEX outbox_order ON outbox (org_id, neighbour, queue, id);
