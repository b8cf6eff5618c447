DROP TABLE cards;
DROP TABLE billing_address_history;
DROP TABLE payment_method_history;
DROP TABLE accounts;
DROP TABLE former_representatives;
DROP TABLE former_identity_documents;
DROP TABLE customers;
DROP TABLE external_id_sequences;
