"""Scripts for one session about ALTER TABLE … ALTER COLUMN … TYPE. One statement a line."""

SHOW = """SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped
SELECT column_name, column_default FROM information_schema.columns WHERE table_name = 't'"""

SCRIPTS = {
    "longer and shorter strings": f"""
CREATE TABLE t (id int PRIMARY KEY, a varchar(5) DEFAULT 'x', b text, c char(3))
INSERT INTO t VALUES (1, 'abc', 'long text', 'a'), (2, NULL, 'x', NULL), (3, 'abcde', '', 'abc')
CREATE INDEX t_a ON t (a)
ALTER TABLE t ALTER COLUMN a TYPE varchar(10)
INSERT INTO t (id, a) VALUES (4, '1234567890')
ALTER TABLE t ALTER a TYPE text
SELECT * FROM t WHERE a = 'abcde'
ALTER TABLE t ALTER a SET DATA TYPE varchar(5)
ALTER TABLE t ALTER a SET DATA TYPE varchar(5) USING substr(a, 1, 5)
SELECT * FROM t WHERE a = '12345'
ALTER TABLE t ALTER a TYPE varchar(2) USING a::varchar(2)
ALTER TABLE t ALTER b TYPE varchar(3)
ALTER TABLE t ALTER c TYPE char(6)
SELECT id, a, b, c, length(c), octet_length(c) FROM t
ALTER TABLE t ALTER c TYPE text
SELECT id, length(c) FROM t
ALTER TABLE t ALTER c TYPE char(2)
{SHOW}
SELECT * FROM t""",
    "numbers": f"""
CREATE TABLE t (id int PRIMARY KEY, n numeric(6,2) DEFAULT 1.5, i int, s smallint, f real, b bigint)
INSERT INTO t SELECT g, g * 1.25, g * 100, g, g / 4.0, g * 1000000000 FROM generate_series(1, 50) g
INSERT INTO t (id) VALUES (100)
CREATE INDEX t_n ON t (n)
CREATE INDEX t_i ON t (i DESC)
ALTER TABLE t ALTER n TYPE numeric(10,2)
SELECT count(*), sum(n) FROM t WHERE n > 10
ALTER TABLE t ALTER n TYPE numeric(10,4)
SELECT n FROM t WHERE id = 3
ALTER TABLE t ALTER n TYPE numeric
SELECT n FROM t WHERE id = 3
ALTER TABLE t ALTER n TYPE numeric(3,1)
ALTER TABLE t ALTER n TYPE numeric(2,1)
ALTER TABLE t ALTER i TYPE bigint, ALTER s TYPE int, ALTER f TYPE float8
SELECT i, s, f FROM t WHERE i >= 4800
SELECT id FROM t WHERE i = 4800
ALTER TABLE t ALTER b TYPE int
SELECT count(*) FROM t WHERE b > 2000000000
ALTER TABLE t ALTER b TYPE text
SELECT b FROM t WHERE id < 3
ALTER TABLE t ALTER b TYPE bigint
ALTER TABLE t ALTER b TYPE bigint USING b::bigint + id
SELECT b FROM t WHERE id < 3
ALTER TABLE t ALTER i TYPE smallint
SELECT i FROM t WHERE i = 300
{SHOW}""",
    "casts that need USING": f"""
CREATE TABLE t (id int PRIMARY KEY, a text, b boolean, c timestamp, d date, "Odd name" text)
INSERT INTO t VALUES (1, '12', true, '2024-05-06 07:08:09', '2024-01-02', '5'), (2, '-3', NULL, NULL, NULL, '6')
ALTER TABLE t ALTER a TYPE integer
ALTER TABLE t ALTER "Odd name" TYPE numeric(5,1)
ALTER TABLE t ALTER a TYPE integer USING b
ALTER TABLE t ALTER a TYPE integer USING a::integer * 2
SELECT * FROM t
ALTER TABLE t ALTER b TYPE integer
ALTER TABLE t ALTER b TYPE integer USING CASE WHEN b THEN 1 ELSE 0 END
ALTER TABLE t ALTER c TYPE date
ALTER TABLE t ALTER d TYPE timestamp
ALTER TABLE t ALTER d TYPE timestamptz
ALTER TABLE t ALTER a TYPE text USING a || '-' || id
SELECT * FROM t
ALTER TABLE t ALTER a TYPE int USING (SELECT 1)
ALTER TABLE t ALTER a TYPE int USING count(*)
ALTER TABLE t ALTER a TYPE int USING nosuch
ALTER TABLE t ALTER nosuch TYPE int
ALTER TABLE t ALTER a TYPE nosuchtype
ALTER TABLE t ALTER a TYPE int USING 5, ALTER a TYPE text
ALTER TABLE nosuch ALTER a TYPE int
ALTER TABLE t ALTER a TYPE int USING 5
{SHOW}
SELECT * FROM t""",
    "both columns are seen as they were": """
CREATE TABLE t (id int, a int, b text)
INSERT INTO t VALUES (1, 10, '7'), (2, 20, '8')
ALTER TABLE t ALTER a TYPE text USING b || '!', ALTER b TYPE int USING a
SELECT * FROM t
ALTER TABLE t ALTER id TYPE bigint USING id + 5, ADD COLUMN c int DEFAULT 3, DROP COLUMN a
SELECT * FROM t
ALTER TABLE t ALTER c TYPE text, ALTER c SET DEFAULT 'q', ALTER c SET NOT NULL, ADD UNIQUE (c)
ALTER TABLE t ALTER c TYPE text USING c || id, ALTER c SET DEFAULT 'q', ALTER c SET NOT NULL, ADD UNIQUE (c)
INSERT INTO t VALUES (3, 4)
INSERT INTO t VALUES (4, 4)
SELECT * FROM t""",
    "defaults": f"""
CREATE TABLE t (id int, a int DEFAULT 5, b text DEFAULT 'word', c text DEFAULT '12', d date DEFAULT '2024-01-01', e numeric DEFAULT '1.5', f bool DEFAULT true)
INSERT INTO t (id) VALUES (1)
ALTER TABLE t ALTER a TYPE text
ALTER TABLE t ALTER b TYPE int USING 3
ALTER TABLE t ALTER c TYPE int USING c::int
ALTER TABLE t ALTER d TYPE timestamp
ALTER TABLE t ALTER e TYPE int
ALTER TABLE t ALTER f TYPE int USING 1
ALTER TABLE t ALTER c DROP DEFAULT, ALTER c TYPE int USING c::int
ALTER TABLE t ALTER f DROP DEFAULT
ALTER TABLE t ALTER f TYPE int USING 1
INSERT INTO t (id) VALUES (2)
SELECT * FROM t""",
    "constraints are held": """
CREATE TABLE t (id int PRIMARY KEY, a text UNIQUE, b text CHECK (b <> ''), c text NOT NULL, n numeric(5,2) CHECK (n < 100))
INSERT INTO t VALUES (1, '1', 'x', '5', 1.11), (2, '01', 'y', '6', 2.22), (3, NULL, NULL, '', 3.33)
ALTER TABLE t ALTER a TYPE int USING a::int
ALTER TABLE t ALTER c TYPE int USING nullif(c, '')::int
ALTER TABLE t ALTER c TYPE int USING length(c)
ALTER TABLE t ALTER n TYPE numeric(7,1) USING n * 100
ALTER TABLE t ALTER n TYPE int
ALTER TABLE t ALTER id TYPE bigint USING id / 2
ALTER TABLE t ALTER id TYPE text
SELECT * FROM t WHERE id = '2'
INSERT INTO t VALUES ('2', '9', 'z', 1, 1)
INSERT INTO t VALUES ('4', '01', 'z', 1, 1)
INSERT INTO t VALUES ('4', '02', 'z', 1, 100)
ALTER TABLE t ALTER a TYPE json USING '{}'::json
ALTER TABLE t ALTER b TYPE json USING '{}'::json
SELECT id, a, b, c, n FROM t""",
    "foreign keys follow": """
CREATE TABLE p (id int PRIMARY KEY, code varchar(5) UNIQUE)
CREATE TABLE t (id int PRIMARY KEY, p_id int REFERENCES p ON DELETE CASCADE, code varchar(9) REFERENCES p (code))
INSERT INTO p SELECT g, 'c' || g FROM generate_series(1, 5) g
INSERT INTO t SELECT g, g, 'c' || g FROM generate_series(1, 4) g
ALTER TABLE p ALTER id TYPE bigint
ALTER TABLE t ALTER p_id TYPE smallint
INSERT INTO t VALUES (9, 9, NULL)
INSERT INTO t VALUES (9, 5, 'c5')
ALTER TABLE t ALTER p_id TYPE text
ALTER TABLE p ALTER id TYPE date USING '2024-01-01'
ALTER TABLE p ALTER id TYPE bigint USING id + 1
ALTER TABLE t ALTER p_id TYPE int USING p_id + 10
ALTER TABLE p ALTER code TYPE text
ALTER TABLE t ALTER code TYPE text USING code || ''
ALTER TABLE t ALTER code TYPE text USING code || 'x'
DELETE FROM p WHERE id = 5
DELETE FROM p WHERE id = 2
SELECT * FROM t
SELECT * FROM p""",
    "views": """
CREATE TABLE t (id int, a int, b int)
CREATE VIEW v AS SELECT id, a FROM t WHERE a > 0
ALTER TABLE t ALTER b TYPE bigint
ALTER TABLE t ALTER id TYPE bigint
DROP VIEW v
ALTER TABLE t ALTER id TYPE bigint""",
    "in a block": """
CREATE TABLE t (id int PRIMARY KEY, a int)
INSERT INTO t SELECT g, g FROM generate_series(1, 100) g
BEGIN
INSERT INTO t VALUES (101, 101)
ALTER TABLE t ALTER a TYPE text
SELECT count(*), max(a) FROM t
UPDATE t SET a = a || 'x' WHERE id = 5
INSERT INTO t VALUES (102, 'new')
SELECT a FROM t WHERE id IN (5, 101, 102)
SAVEPOINT s
ALTER TABLE t ALTER a TYPE int USING length(a)
SELECT sum(a) FROM t
ALTER TABLE t ALTER a TYPE varchar(1)
ROLLBACK TO s
SELECT a FROM t WHERE id IN (5, 101, 102)
ROLLBACK
SELECT count(*), sum(a) FROM t
BEGIN
CREATE TABLE n (x int)
INSERT INTO n VALUES (1), (2)
ALTER TABLE n ALTER x TYPE text USING 'v' || x
INSERT INTO n VALUES ('w')
COMMIT
SELECT * FROM n""",
    "serial and identity": """
CREATE TABLE t (id serial PRIMARY KEY, i int GENERATED BY DEFAULT AS IDENTITY, s smallint GENERATED ALWAYS AS IDENTITY)
INSERT INTO t DEFAULT VALUES
ALTER TABLE t ALTER id TYPE bigint
ALTER TABLE t ALTER i TYPE bigint
ALTER TABLE t ALTER s TYPE int
INSERT INTO t DEFAULT VALUES
SELECT * FROM t
SELECT sequencename, max_value FROM pg_sequences
ALTER TABLE t ALTER i TYPE text
ALTER TABLE t ALTER id TYPE text
INSERT INTO t DEFAULT VALUES
SELECT * FROM t
ALTER TABLE t ALTER i TYPE smallint
SELECT sequencename, max_value FROM pg_sequences""",
    "added columns": """
CREATE TABLE t (id int)
INSERT INTO t VALUES (1), (2)
ALTER TABLE t ADD COLUMN a varchar(4) DEFAULT 'abcd', ADD COLUMN n numeric(4,1) DEFAULT 1.5, ADD COLUMN gone int DEFAULT 3
ALTER TABLE t DROP COLUMN gone
ALTER TABLE t ALTER a TYPE text, ALTER n TYPE numeric(9,1)
SELECT * FROM t
ALTER TABLE t ALTER n TYPE text
SELECT * FROM t WHERE n = '1.5'
INSERT INTO t (id) VALUES (3)
SELECT * FROM t""",
    "settings of the session": """
SET TimeZone = 'America/New_York'
SET DateStyle = 'German'
SET IntervalStyle = 'iso_8601'
CREATE TABLE t (id int, a timestamp, b timestamptz, c interval, d text)
INSERT INTO t VALUES (1, '2024-06-01 10:00', '2024-06-01 10:00', '1 day 02:00', '01.02.2024')
ALTER TABLE t ALTER a TYPE timestamptz, ALTER b TYPE text, ALTER c TYPE text, ALTER d TYPE date USING d::date
RESET ALL
SET TimeZone = 'UTC'
SELECT * FROM t""",
    "partitions with defaults, checks and indexes of their own": """
CREATE TABLE t (id serial, k int DEFAULT 7, v text DEFAULT '12', CHECK (k > 0)) PARTITION BY RANGE (id)
CREATE TABLE t1 (id int NOT NULL, k int DEFAULT 8, v text, CONSTRAINT t_k_check CHECK (k > 0), CONSTRAINT own CHECK (k < 1000))
CREATE TABLE t2 (id int NOT NULL, k int, v text DEFAULT '5', CONSTRAINT t_k_check CHECK (k > 0), CONSTRAINT own CHECK (k < 2000))
CREATE INDEX of_its_own ON t1 ((k + 1))
ALTER TABLE t ATTACH PARTITION t1 FOR VALUES FROM (1) TO (10)
ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM (10) TO (20)
CREATE TABLE t3 PARTITION OF t FOR VALUES FROM (20) TO (30) PARTITION BY RANGE (k)
CREATE TABLE t31 PARTITION OF t3 (k DEFAULT 9, CHECK (k < 50)) FOR VALUES FROM (1) TO (100)
INSERT INTO t (id, k, v) VALUES (1, 1, '10'), (11, 2, '20'), (21, 3, '30')
ALTER TABLE t ALTER v DROP DEFAULT, ALTER v TYPE int USING v::int
ALTER TABLE t2 ALTER v DROP DEFAULT
ALTER TABLE t ALTER v TYPE int USING v::int, ALTER k TYPE text
ALTER TABLE t ALTER v TYPE int USING v::int
SELECT * FROM t ORDER BY id
INSERT INTO t1 (id) VALUES (2)
INSERT INTO t2 (id) VALUES (12)
INSERT INTO t31 (id) VALUES (22)
INSERT INTO t2 (id, k) VALUES (13, 1500)
INSERT INTO t1 (id, k) VALUES (3, 1500)
INSERT INTO t31 (id, k) VALUES (23, 60)
SELECT * FROM t ORDER BY id
SELECT table_name, column_name, data_type, column_default FROM information_schema.columns WHERE table_name LIKE 't%' AND table_schema = 'public' AND column_name <> 'id' ORDER BY 1, 2
ALTER TABLE t ALTER v TYPE numeric
SELECT * FROM t ORDER BY id
SELECT id FROM t1 WHERE k + 1 = 9""",
}
