-- What a notice is about is in kind and record since step 023. The columns that had it before are read and written no more.
ALTER TABLE notices DROP COLUMN request;
ALTER TABLE notices DROP COLUMN activity;
ALTER TABLE notices DROP COLUMN volunteer;
