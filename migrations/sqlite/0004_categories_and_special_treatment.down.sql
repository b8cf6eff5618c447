DROP TABLE special_treatments;
DROP TABLE special_treatment_lists;
DROP TABLE category_assignments;
DROP TABLE categories;
DROP TABLE category_ids;
