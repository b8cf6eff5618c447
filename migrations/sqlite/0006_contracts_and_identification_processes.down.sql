DROP TABLE identification_processes;
DROP TABLE contracts;
