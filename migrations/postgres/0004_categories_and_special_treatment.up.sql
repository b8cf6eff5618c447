-- Categories are numbered 1, 2, 3 in each organisation; no number is given twice.
CREATE TABLE category_ids (
    org_id  text    NOT NULL,
    last_id integer NOT NULL,
    CONSTRAINT category_ids_pkey PRIMARY KEY (org_id)
);

CREATE TABLE categories (
    org_id       text    NOT NULL,
    id           integer NOT NULL,
    name         text    NOT NULL,
    description  text,
    valid_values jsonb   NOT NULL,
    created_at   bigint  NOT NULL,
    ended_at     bigint,
    updated_at   bigint  NOT NULL,
    version      bigint  NOT NULL,
    modified_by  text    NOT NULL,
    CONSTRAINT categories_pkey PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX categories_live_name ON categories (org_id, name) WHERE ended_at IS NULL;

-- One row for each value that a customer has had; those without an end are current.
CREATE TABLE category_assignments (
    id                 bigint  GENERATED ALWAYS AS IDENTITY,
    org_id             text    NOT NULL,
    customer_id        uuid    NOT NULL,
    category_id        integer NOT NULL,
    value              text,
    description        text,
    reason             text,
    -- Since when the customer has the category, with whatever value.
    assigned_at        bigint  NOT NULL,
    create_date        bigint  NOT NULL,
    end_date           bigint,
    last_modified_date bigint  NOT NULL,
    version            bigint  NOT NULL,
    -- Who has set the value.
    modified_by        text    NOT NULL,
    CONSTRAINT category_assignments_pkey PRIMARY KEY (id),
    CONSTRAINT category_assignments_customer FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id),
    CONSTRAINT category_assignments_category FOREIGN KEY (org_id, category_id) REFERENCES categories (org_id, id)
);
CREATE UNIQUE INDEX category_assignments_live ON category_assignments (org_id, customer_id, category_id) WHERE end_date IS NULL;
CREATE INDEX category_assignments_history ON category_assignments (org_id, customer_id, category_id, id);
CREATE INDEX category_assignments_live_value ON category_assignments (org_id, category_id, value)
    WHERE end_date IS NULL AND value IS NOT NULL;

-- What an organisation offers. Without a row it offers nothing.
CREATE TABLE special_treatment_lists (
    org_id      text   NOT NULL,
    offered     jsonb  NOT NULL,
    updated_at  bigint NOT NULL,
    version     bigint NOT NULL,
    modified_by text   NOT NULL,
    CONSTRAINT special_treatment_lists_pkey PRIMARY KEY (org_id)
);

-- One row for each special treatment that a customer has had; the one without an end is current.
CREATE TABLE special_treatments (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    org_id      text   NOT NULL,
    customer_id uuid   NOT NULL,
    value       text   NOT NULL,
    created_at  bigint NOT NULL,
    created_by  text   NOT NULL,
    ended_at    bigint,
    ended_by    text,
    CONSTRAINT special_treatments_pkey PRIMARY KEY (id),
    CONSTRAINT special_treatments_customer FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id)
);
CREATE UNIQUE INDEX special_treatments_live ON special_treatments (org_id, customer_id) WHERE ended_at IS NULL;
CREATE INDEX special_treatments_live_value ON special_treatments (org_id, value) WHERE ended_at IS NULL;
