-- Which sheet and row of the workbook holds the headings (counted from 0 and from 1), the names of its sheets, whether
-- an empty cell clears, and a hash of the headings by which a mapping made by hand is found again.
ALTER TABLE imports ADD COLUMN sheet bigint;
ALTER TABLE imports ADD COLUMN sheets text;
ALTER TABLE imports ADD COLUMN heading_row bigint;
ALTER TABLE imports ADD COLUMN clear_empty bigint;
ALTER TABLE imports ADD COLUMN headings_key text;
CREATE INDEX imports_headings ON imports (headings_key, id);
