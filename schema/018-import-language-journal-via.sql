-- The language of the person who started an import, for its error messages.
ALTER TABLE imports ADD COLUMN language text;
-- The journal by way: nearly all of it comes from pages, which are found without an index.
CREATE INDEX journal_via ON journal (via, seq) WHERE via <> 'web';
