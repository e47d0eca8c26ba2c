-- Every work list counts what those who joined call not resolved: it is found without reading all who joined.
CREATE INDEX request_joiners_no ON request_joiners (request) WHERE solved = 'no';
