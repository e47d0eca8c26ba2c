-- Stations are organisations: one register. A station's file card goes where teams and committees have theirs.
INSERT INTO organisations (version, created, updated, code, name, name_en, kind, area, community, address, address_en, opening,
    opening_en, phone, lat, lon, what, what_en, public)
SELECT s.version, s.created, s.updated, s.code, s.name, s.name_en, 'station', s.area,
    (SELECT a.community FROM areas a WHERE a.id = s.area), s.address, s.address_en, s.opening, s.opening_en, s.phone, s.lat, s.lon,
    s.what, s.what_en, 1
FROM stations s WHERE NOT EXISTS (SELECT 1 FROM organisations o WHERE o.code = s.code);
DROP TABLE stations;
