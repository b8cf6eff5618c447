-- Categories are numbered 1, 2, 3 in each organisation; no number is given twice.
CREATE TABLE category_ids (
    org_id  text    NOT NULL,
    last_id integer NOT NULL,
    CONSTRAINT category_ids_pkey PRIMARY KEY (org_id)
) STRICT;

CREATE TABLE categories (
    org_id       text    NOT NULL,
    id           integer NOT NULL,
    name         text    NOT NULL,
    description  text,
    valid_values text    NOT NULL,
    created_at   integer NOT NULL,
    ended_at     integer,
    updated_at   integer NOT NULL,
    version      integer NOT NULL,
    modified_by  text    NOT NULL,
    CONSTRAINT categories_pkey PRIMARY KEY (org_id, id)
) STRICT;
CREATE UNIQUE INDEX categories_live_name ON categories (org_id, name) WHERE ended_at IS NULL;

-- One row for each value that a customer has had; those without an end are current.
CREATE TABLE category_assignments (
    id                 integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    org_id             text    NOT NULL,
    customer_id        blob    NOT NULL,
    category_id        integer NOT NULL,
    value              text,
    description        text,
    reason             text,
    -- Since when the customer has the category, with whatever value.
    assigned_at        integer NOT NULL,
    create_date        integer NOT NULL,
    end_date           integer,
    last_modified_date integer NOT NULL,
    version            integer NOT NULL,
    -- Who has set the value.
    modified_by        text    NOT NULL,
    CONSTRAINT category_assignments_customer FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id),
    CONSTRAINT category_assignments_category FOREIGN KEY (org_id, category_id) REFERENCES categories (org_id, id)
) STRICT;
CREATE UNIQUE INDEX category_assignments_live ON category_assignments (org_id, customer_id, category_id) WHERE end_date IS NULL;
CREATE INDEX category_assignments_history ON category_assignments (org_id, customer_id, category_id, id);
CREATE INDEX category_assignments_live_value ON category_assignments (org_id, category_id, value)
    WHERE end_date IS NULL AND value IS NOT NULL;

-- What an organisation offers. Without a row it offers nothing.
CREATE TABLE special_treatment_lists (
    org_id      text   NOT NULL,
    offered     text   NOT NULL,
    updated_at  integer NOT NULL,
    version     integer NOT NULL,
    modified_by text   NOT NULL,
    CONSTRAINT special_treatment_lists_pkey PRIMARY KEY (org_id)
) STRICT;

-- One row for each special treatment that a customer has had; the one without an end is current.
CREATE TABLE special_treatments (
    id          integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    org_id      text   NOT NULL,
    customer_id blob   NOT NULL,
    value       text   NOT NULL,
    created_at  integer NOT NULL,
    created_by  text   NOT NULL,
    ended_at    integer,
    ended_by    text,
    CONSTRAINT special_treatments_customer FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id)
) STRICT;
CREATE UNIQUE INDEX special_treatments_live ON special_treatments (org_id, customer_id) WHERE ended_at IS NULL;
CREATE INDEX special_treatments_live_value ON special_treatments (org_id, value) WHERE ended_at IS NULL;
