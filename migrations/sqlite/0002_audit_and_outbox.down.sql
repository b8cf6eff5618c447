DROP TABLE outbox;
DROP TABLE audit;
