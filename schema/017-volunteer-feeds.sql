-- A volunteer's own calendar: what makes its address secret; another one when it is renewed, NULL: there is none.
ALTER TABLE volunteers ADD COLUMN feed text;
-- What a volunteer is told that belongs to no request and no activity.
ALTER TABLE notices ADD COLUMN volunteer bigint REFERENCES volunteers (id);
CREATE INDEX notices_volunteer ON notices (volunteer, id) WHERE volunteer IS NOT NULL;
