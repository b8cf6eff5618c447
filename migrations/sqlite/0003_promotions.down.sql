DROP TABLE promotion_history;
DROP TABLE promotions;
