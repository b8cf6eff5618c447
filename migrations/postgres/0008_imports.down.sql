DROP INDEX accounts_ended_external_id;
DROP INDEX customers_ended_external_id;
DROP TABLE imported_lines;
