-- The journal viewer's filters: by kind, by what was done, and by time.
CREATE INDEX journal_kind ON journal (kind, seq);
CREATE INDEX journal_action ON journal (action, seq);
CREATE INDEX journal_at ON journal (at_ms);
