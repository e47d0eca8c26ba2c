-- What an activity asks at sign-up, and what was answered: JSON, see core/questions.h.
ALTER TABLE activities ADD COLUMN questions text;
ALTER TABLE sign_ups ADD COLUMN answers text;
