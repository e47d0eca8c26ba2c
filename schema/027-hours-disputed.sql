-- The number beside "To do" stands on every page: disputed days are found without reading all of them.
CREATE INDEX hours_disputed ON hours (disputed_at) WHERE disputed_at IS NOT NULL;
