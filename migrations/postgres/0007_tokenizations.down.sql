DROP INDEX cards_of_customer;
DROP TABLE tokenizations;
ALTER TABLE accounts DROP COLUMN awaited_reference;
