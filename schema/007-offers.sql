-- Some volunteers visit only women or only men, so a request says whom the visit is for.
ALTER TABLE offers ADD COLUMN gender text;
