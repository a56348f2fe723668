"""Scripts for one session about partitioned tables. One statement a line."""

SCRIPTS = {
    "range": """
CREATE TABLE m (id int, day date NOT NULL, v numeric) PARTITION BY RANGE (day)
CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')
CREATE TABLE m2 PARTITION OF m FOR VALUES FROM ('2024-02-01') TO ('2024-03-01')
CREATE TABLE m0 PARTITION OF m FOR VALUES FROM (MINVALUE) TO ('2024-01-01')
INSERT INTO m VALUES (1, '2024-01-05', 1.5), (2, '2024-02-29', 2), (3, '1999-12-31', 3) RETURNING tableoid::regclass, id
INSERT INTO m VALUES (4, '2024-03-01', 4)
INSERT INTO m VALUES (4, NULL, 4)
INSERT INTO m1 VALUES (5, '2024-02-01', 5)
INSERT INTO m1 VALUES (5, '2024-01-31', 5)
SELECT tableoid::regclass, * FROM m ORDER BY id
SELECT * FROM ONLY m
SELECT id FROM m WHERE day = '2024-01-05'
SELECT id FROM m WHERE day >= '2024-01-05' AND day < '2024-02-10' ORDER BY id
SELECT id FROM m WHERE day IN ('2024-01-05', '2024-02-29') ORDER BY id
SELECT id FROM m WHERE day < '2000-01-01' OR day = '2024-02-29' ORDER BY id
SELECT count(*), sum(v), max(day) FROM m
UPDATE m SET v = v + 1 WHERE id = 1 RETURNING tableoid::regclass, *
UPDATE m SET day = '2024-02-02' WHERE id = 1 RETURNING tableoid::regclass, *
UPDATE m SET day = '2025-01-01' WHERE id = 2
UPDATE m1 SET day = '2025-01-01'
UPDATE m SET day = day + 1 WHERE id = 3 RETURNING tableoid::regclass, day
DELETE FROM m WHERE id = 2 RETURNING tableoid::regclass, *
DELETE FROM m WHERE day < '2024-02-01' RETURNING id
SELECT tableoid::regclass, * FROM m ORDER BY id
CREATE TABLE md PARTITION OF m DEFAULT
INSERT INTO m VALUES (9, '2030-01-01', 9) RETURNING tableoid::regclass
CREATE TABLE m3 PARTITION OF m FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')
DELETE FROM md
CREATE TABLE m3 PARTITION OF m FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')
DROP TABLE m1
SELECT tableoid::regclass, * FROM m ORDER BY id
TRUNCATE m
SELECT count(*) FROM m
DROP TABLE m
SELECT * FROM m2""",
    "list": """
CREATE TABLE l (id int, region text, n int) PARTITION BY LIST (region)
CREATE TABLE l_north PARTITION OF l FOR VALUES IN ('n', 'ne', 'nw')
CREATE TABLE l_null PARTITION OF l FOR VALUES IN (NULL, 's')
INSERT INTO l VALUES (1, 'n', 1), (2, NULL, 2), (3, 's', 3), (4, 'nw', 4)
INSERT INTO l VALUES (5, 'x', 5)
CREATE TABLE l_rest PARTITION OF l DEFAULT
INSERT INTO l VALUES (5, 'x', 5) RETURNING tableoid::regclass
CREATE TABLE l_x PARTITION OF l FOR VALUES IN ('x')
CREATE TABLE l_y PARTITION OF l FOR VALUES IN ('y', 'n')
CREATE TABLE l_y PARTITION OF l FOR VALUES IN ('y', NULL)
CREATE TABLE l_d PARTITION OF l DEFAULT
SELECT tableoid::regclass, * FROM l ORDER BY id
SELECT id FROM l WHERE region = 'nw'
SELECT id FROM l WHERE region IS NULL
SELECT id FROM l WHERE region IS NOT NULL ORDER BY id
SELECT id FROM l WHERE region <> 'n' ORDER BY id
SELECT id FROM l WHERE region > 'nz' ORDER BY id
SELECT id FROM l WHERE region IN ('s', 'x', 'q') ORDER BY id
UPDATE l SET region = 'ne' WHERE id = 2 RETURNING tableoid::regclass, id
UPDATE l SET region = NULL WHERE id = 1 RETURNING tableoid::regclass, id
SELECT tableoid::regclass, * FROM l ORDER BY id
CREATE TABLE b (f bool, x int) PARTITION BY LIST (f)
CREATE TABLE b_t PARTITION OF b FOR VALUES IN (true)
CREATE TABLE b_f PARTITION OF b FOR VALUES IN (false)
INSERT INTO b VALUES (true, 1), (false, 2)
INSERT INTO b VALUES (NULL, 3)
SELECT tableoid::regclass, x FROM b WHERE f
SELECT tableoid::regclass, x FROM b WHERE NOT f""",
    "hash": """
CREATE TABLE h (id int, t text) PARTITION BY HASH (id)
CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 4, REMAINDER 0)
CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 4, REMAINDER 1)
CREATE TABLE h2 PARTITION OF h FOR VALUES WITH (MODULUS 4, REMAINDER 2)
CREATE TABLE h3 PARTITION OF h FOR VALUES WITH (MODULUS 8, REMAINDER 3)
CREATE TABLE h4 PARTITION OF h FOR VALUES WITH (MODULUS 8, REMAINDER 7)
INSERT INTO h SELECT g, 't' || g FROM generate_series(-20, 40) g
INSERT INTO h VALUES (NULL, 'null') RETURNING tableoid::regclass
SELECT tableoid::regclass, count(*), min(id), max(id), sum(id) FROM h GROUP BY tableoid ORDER BY tableoid::regclass::text
SELECT tableoid::regclass, * FROM h WHERE id = 17
SELECT tableoid::regclass, * FROM h WHERE id IN (3, 4, 5) ORDER BY id
CREATE TABLE h5 PARTITION OF h FOR VALUES WITH (MODULUS 6, REMAINDER 0)
CREATE TABLE h5 PARTITION OF h FOR VALUES WITH (MODULUS 4, REMAINDER 3)
CREATE TABLE h5 PARTITION OF h FOR VALUES WITH (MODULUS 4, REMAINDER 4)
CREATE TABLE h5 PARTITION OF h FOR VALUES WITH (MODULUS 0, REMAINDER 0)
CREATE TABLE h5 PARTITION OF h DEFAULT
CREATE TABLE h5 PARTITION OF h FOR VALUES IN (1)
CREATE TABLE ht (t text, b bigint, d date, u uuid, f float8, s smallint, c char(5), ts timestamp) PARTITION BY HASH (t, b, d, u, f, s, c, ts)
CREATE TABLE ht0 PARTITION OF ht FOR VALUES WITH (MODULUS 3, REMAINDER 0)
CREATE TABLE ht1 PARTITION OF ht FOR VALUES WITH (MODULUS 3, REMAINDER 1)
CREATE TABLE ht2 PARTITION OF ht FOR VALUES WITH (MODULUS 3, REMAINDER 2)
INSERT INTO ht SELECT repeat('ab', g), g * 1000000007::bigint, date '2020-01-01' + g, ('00000000-0000-0000-0000-0000000000' || (10 + g))::uuid, g / 7.0, g, 'c' || g, timestamp '2021-01-01' + g * interval '1 hour' FROM generate_series(1, 60) g
SELECT tableoid::regclass, count(*), sum(s) FROM ht GROUP BY tableoid ORDER BY tableoid::regclass::text
CREATE TABLE hs (t text) PARTITION BY HASH (t)
CREATE TABLE hs0 PARTITION OF hs FOR VALUES WITH (MODULUS 2, REMAINDER 0)
INSERT INTO hs VALUES ('a')
INSERT INTO hs VALUES ('b')
INSERT INTO hs VALUES ('c')
SELECT * FROM hs""",
    "levels": """
CREATE TABLE t (a int, b int, c text) PARTITION BY RANGE (a)
CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10) PARTITION BY LIST (b)
CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20)
CREATE TABLE t11 PARTITION OF t1 FOR VALUES IN (1, 2)
CREATE TABLE t12 PARTITION OF t1 FOR VALUES IN (3)
INSERT INTO t VALUES (1, 1, 'x'), (2, 3, 'y'), (12, 9, 'z')
INSERT INTO t VALUES (1, 9, 'x')
INSERT INTO t1 VALUES (11, 1, 'x')
INSERT INTO t11 VALUES (11, 1, 'x')
INSERT INTO t11 VALUES (1, 3, 'x')
INSERT INTO t1 VALUES (5, 2, 'w') RETURNING tableoid::regclass
SELECT tableoid::regclass, * FROM t ORDER BY a
SELECT tableoid::regclass, * FROM t1 ORDER BY a
UPDATE t SET b = 3 WHERE a = 1 RETURNING tableoid::regclass, *
UPDATE t SET a = 15 WHERE b = 3 RETURNING tableoid::regclass, *
UPDATE t1 SET a = 16
SELECT tableoid::regclass, * FROM t ORDER BY a, c
SELECT relid, parentrelid, isleaf, level FROM pg_partition_tree('t') ORDER BY level, relid::text
SELECT pg_partition_root('t12')
SELECT * FROM pg_partition_ancestors('t12')
SELECT * FROM pg_partition_ancestors('t')
SELECT relname, relkind, relispartition, pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname LIKE 't%' AND relnamespace = current_schema::regnamespace ORDER BY 1
SELECT inhrelid::regclass, inhparent::regclass, inhseqno FROM pg_inherits WHERE inhparent::regclass::text IN ('t', 't1') ORDER BY inhrelid::regclass::text
SELECT partrelid::regclass, partstrat, partnatts, partdefid, partattrs FROM pg_partitioned_table WHERE partrelid::regclass::text IN ('t', 't1') ORDER BY partrelid::regclass::text
SELECT pg_get_partkeydef('t'::regclass), pg_get_partkeydef('t1'::regclass), pg_get_partkeydef('t11'::regclass)
DROP TABLE t1
SELECT tableoid::regclass, * FROM t ORDER BY a, c
DROP TABLE t""",
    "several keys": """
CREATE TABLE r (a int, b int, c text) PARTITION BY RANGE (a, b)
CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (1, MINVALUE) TO (1, 10)
CREATE TABLE r2 PARTITION OF r FOR VALUES FROM (1, 10) TO (2, MINVALUE)
CREATE TABLE r3 PARTITION OF r FOR VALUES FROM (2, 5) TO (MAXVALUE, MAXVALUE)
INSERT INTO r VALUES (1, 1, 'a'), (1, 10, 'b'), (1, 99, 'c'), (2, 5, 'd'), (77, -1, 'e')
INSERT INTO r VALUES (2, 4, 'x')
INSERT INTO r VALUES (1, NULL, 'x')
SELECT tableoid::regclass, * FROM r ORDER BY c
SELECT c FROM r WHERE a = 1 ORDER BY c
SELECT c FROM r WHERE a = 1 AND b = 10 ORDER BY c
SELECT c FROM r WHERE a = 1 AND b < 10 ORDER BY c
SELECT c FROM r WHERE a = 1 AND b > 10 ORDER BY c
SELECT c FROM r WHERE a > 1 ORDER BY c
SELECT c FROM r WHERE a = 2 AND b <= 5 ORDER BY c
SELECT c FROM r WHERE b = 5 ORDER BY c
SELECT c FROM r WHERE (a = 1 AND b = 1) OR (a = 77) ORDER BY c
SELECT c FROM r WHERE a IN (1, 77) AND b IN (10, -1) ORDER BY c
CREATE TABLE r4 PARTITION OF r FOR VALUES FROM (1, 5) TO (1, 6)
CREATE TABLE r4 PARTITION OF r FOR VALUES FROM (0, 5) TO (0, 5)
CREATE TABLE r4 PARTITION OF r FOR VALUES FROM (0, 5) TO (0, 4)
CREATE TABLE r4 PARTITION OF r FOR VALUES FROM (0) TO (1)
CREATE TABLE r4 PARTITION OF r FOR VALUES FROM (0, 1) TO (1)
CREATE TABLE r4 PARTITION OF r FOR VALUES FROM (MINVALUE, 1) TO (0, 1)
CREATE TABLE r4 PARTITION OF r FOR VALUES FROM (NULL, 1) TO (0, 1)
CREATE TABLE r4 PARTITION OF r FOR VALUES FROM ('x', 1) TO (0, 1)
CREATE TABLE r4 PARTITION OF r FOR VALUES FROM (a, 1) TO (0, 1)
CREATE TABLE e (x text, n int) PARTITION BY RANGE (lower(x))
CREATE TABLE e1 PARTITION OF e FOR VALUES FROM ('a') TO ('m')
CREATE TABLE e2 PARTITION OF e FOR VALUES FROM ('m') TO ('zz')
INSERT INTO e VALUES ('Apple', 1), ('NUT', 2)
INSERT INTO e VALUES ('~', 3)
SELECT tableoid::regclass, * FROM e ORDER BY n
SELECT n FROM e WHERE lower(x) = 'nut'
SELECT pg_get_partkeydef('e'::regclass), pg_get_partkeydef('r'::regclass)""",
    "definitions that are wrong": """
CREATE TABLE x (a int) PARTITION BY TREE (a)
CREATE TABLE x (a int) PARTITION BY LIST (a, a)
CREATE TABLE x (a int) PARTITION BY RANGE (nosuch)
CREATE TABLE x (a int, j json) PARTITION BY RANGE (j)
CREATE TABLE x (a int, j json) PARTITION BY HASH (j)
CREATE TABLE x (a int) PARTITION BY RANGE ((1))
CREATE TABLE x (a int) PARTITION BY RANGE ((a + random()::int))
CREATE TABLE x (a int, g int GENERATED ALWAYS AS (a + 1) STORED) PARTITION BY RANGE (g)
CREATE TABLE x (a int, b int PRIMARY KEY) PARTITION BY RANGE (a)
CREATE TABLE x (a int, b int UNIQUE) PARTITION BY RANGE (a)
CREATE TABLE x (a int PRIMARY KEY) PARTITION BY RANGE ((a + 1))
CREATE TABLE x (a int, b int) PARTITION BY RANGE (a)
CREATE UNIQUE INDEX ON x (b)
CREATE INDEX CONCURRENTLY ON x (b)
ALTER TABLE x ADD PRIMARY KEY (b)
CREATE TABLE plain (a int, b int)
CREATE TABLE y PARTITION OF plain FOR VALUES FROM (1) TO (2)
CREATE TABLE y PARTITION OF nosuch FOR VALUES FROM (1) TO (2)
CREATE TABLE y PARTITION OF x FOR VALUES IN (1)
CREATE TABLE y PARTITION OF x FOR VALUES WITH (MODULUS 2, REMAINDER 0)
CREATE TABLE y PARTITION OF x FOR VALUES FROM (5) TO (1)
CREATE TABLE y PARTITION OF x FOR VALUES FROM (1) TO (5)
CREATE TABLE z PARTITION OF x FOR VALUES FROM (4) TO (6)
CREATE TABLE y PARTITION OF x FOR VALUES FROM (7) TO (9)
ALTER TABLE plain ATTACH PARTITION y FOR VALUES FROM (1) TO (2)
ALTER TABLE x ATTACH PARTITION y FOR VALUES FROM (20) TO (30)
ALTER TABLE x ATTACH PARTITION x FOR VALUES FROM (20) TO (30)
ALTER TABLE x DETACH PARTITION plain
ALTER TABLE x DETACH PARTITION nosuch
ALTER TABLE x DROP COLUMN a
ALTER TABLE x ALTER COLUMN a TYPE bigint
ALTER TABLE y ADD COLUMN c int
ALTER TABLE y DROP COLUMN b
ALTER TABLE y RENAME COLUMN b TO bb
ALTER TABLE y ALTER COLUMN b TYPE bigint
TRUNCATE ONLY x
ALTER TABLE ONLY x ADD COLUMN c int
ALTER TABLE ONLY x DROP COLUMN b
ALTER TABLE x INHERIT plain
CREATE TABLE s (a int, b int) PARTITION BY RANGE (a)
CREATE TABLE s1 PARTITION OF s FOR VALUES FROM (1) TO (100) PARTITION BY RANGE (b)
ALTER TABLE s1 ATTACH PARTITION s FOR VALUES FROM (1) TO (2)
ALTER TABLE s DROP COLUMN b
SELECT count(*) FROM x""",
    "attach and detach": """
CREATE TABLE p (id int PRIMARY KEY, k text NOT NULL, CHECK (id > 0)) PARTITION BY RANGE (id)
CREATE INDEX p_k ON p (k)
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100)
CREATE TABLE q (id int NOT NULL, k text NOT NULL, CONSTRAINT p_id_check CHECK (id > 0))
INSERT INTO q VALUES (150, 'a'), (250, 'b')
ALTER TABLE p ATTACH PARTITION q FOR VALUES FROM (100) TO (200)
DELETE FROM q WHERE id = 250
ALTER TABLE p ATTACH PARTITION q FOR VALUES FROM (100) TO (200)
INSERT INTO p VALUES (150, 'dup')
INSERT INTO p VALUES (151, 'ok'), (1, 'one')
SELECT tableoid::regclass, * FROM p ORDER BY id
SELECT indexname, replace(indexdef, current_schema || '.', '') FROM pg_indexes WHERE schemaname = current_schema ORDER BY 1
ALTER TABLE p DETACH PARTITION q
SELECT tableoid::regclass, * FROM p ORDER BY id
SELECT * FROM q ORDER BY id
INSERT INTO q VALUES (999, 'free')
INSERT INTO p VALUES (151, 'ok')
ALTER TABLE p ATTACH PARTITION q FOR VALUES FROM (100) TO (200)
DELETE FROM q WHERE id = 999
ALTER TABLE p ATTACH PARTITION q DEFAULT
INSERT INTO p VALUES (5000, 'far') RETURNING tableoid::regclass
CREATE TABLE missing (id int NOT NULL)
ALTER TABLE p ATTACH PARTITION missing FOR VALUES FROM (300) TO (400)
CREATE TABLE other (id bigint NOT NULL, k text NOT NULL, CONSTRAINT p_id_check CHECK (id > 0))
ALTER TABLE p ATTACH PARTITION other FOR VALUES FROM (300) TO (400)
CREATE TABLE more (id int NOT NULL, k text NOT NULL, x int, CONSTRAINT p_id_check CHECK (id > 0))
ALTER TABLE p ATTACH PARTITION more FOR VALUES FROM (300) TO (400)
CREATE TABLE nullable (id int NOT NULL, k text, CONSTRAINT p_id_check CHECK (id > 0))
ALTER TABLE p ATTACH PARTITION nullable FOR VALUES FROM (300) TO (400)
CREATE TABLE unchecked (id int NOT NULL, k text NOT NULL)
ALTER TABLE p ATTACH PARTITION unchecked FOR VALUES FROM (300) TO (400)
CREATE TABLE far (id int NOT NULL, k text NOT NULL, CONSTRAINT p_id_check CHECK (id > 0))
ALTER TABLE p ATTACH PARTITION far FOR VALUES FROM (4000) TO (6000)
ALTER TABLE p DETACH PARTITION q CONCURRENTLY
SELECT tableoid::regclass, * FROM p ORDER BY id""",
    "alterations go down": """
CREATE TABLE p (id int, k text) PARTITION BY LIST (id)
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2) PARTITION BY LIST (k)
CREATE TABLE p21 PARTITION OF p2 FOR VALUES IN ('a')
INSERT INTO p VALUES (1, 'x'), (2, 'a')
ALTER TABLE p ADD COLUMN c int DEFAULT 7
SELECT tableoid::regclass, * FROM p ORDER BY id
ALTER TABLE p ADD COLUMN d text
ALTER TABLE p ADD CONSTRAINT c_small CHECK (c < 100)
INSERT INTO p VALUES (1, 'y', 100)
INSERT INTO p1 VALUES (1, 'y', 101)
ALTER TABLE p1 ADD CONSTRAINT own CHECK (c < 50)
INSERT INTO p VALUES (1, 'y', 60)
INSERT INTO p VALUES (2, 'a', 60)
ALTER TABLE p1 DROP CONSTRAINT c_small
ALTER TABLE p DROP CONSTRAINT c_small
INSERT INTO p VALUES (2, 'a', 600)
ALTER TABLE p ALTER COLUMN c SET NOT NULL
INSERT INTO p1 (id, c) VALUES (1, NULL)
ALTER TABLE p1 ALTER COLUMN c DROP NOT NULL
ALTER TABLE p ALTER COLUMN c SET DEFAULT 8
INSERT INTO p (id, k) VALUES (2, 'a') RETURNING *
INSERT INTO p1 (id, k) VALUES (1, 'z') RETURNING *
ALTER TABLE p RENAME COLUMN d TO e
SELECT e FROM p1 LIMIT 1
ALTER TABLE p ALTER COLUMN c TYPE bigint
ALTER TABLE p DROP COLUMN e
SELECT tableoid::regclass, * FROM p ORDER BY id, c
INSERT INTO p VALUES (1, 'after', 3) RETURNING tableoid::regclass, *
CREATE TABLE p3 PARTITION OF p FOR VALUES IN (3)
INSERT INTO p VALUES (3, 'new', 4) RETURNING tableoid::regclass, *
UPDATE p SET id = 1, c = 5 WHERE id = 3 RETURNING tableoid::regclass, *
SELECT attrelid::regclass, attname, attnotnull, attislocal, attinhcount FROM pg_attribute WHERE attrelid IN ('p'::regclass, 'p1'::regclass, 'p3'::regclass) AND attnum > 0 AND NOT attisdropped ORDER BY attrelid::regclass::text, attname
SELECT conrelid::regclass, conname, contype, conislocal, coninhcount FROM pg_constraint WHERE conrelid IN ('p'::regclass, 'p1'::regclass) ORDER BY conrelid::regclass::text, conname
TRUNCATE p1
SELECT count(*) FROM p
ALTER TABLE p RENAME TO pp
SELECT count(*) FROM pp""",
    "keys": """
CREATE TABLE p (id int, d int, v text, PRIMARY KEY (id, d), UNIQUE (d, v)) PARTITION BY RANGE (d)
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)
INSERT INTO p VALUES (1, 1, 'a'), (1, 11, 'a')
INSERT INTO p VALUES (1, 1, 'b')
INSERT INTO p VALUES (2, 1, 'a')
INSERT INTO p VALUES (1, 1, 'b') ON CONFLICT DO NOTHING
INSERT INTO p VALUES (1, 1, 'b') ON CONFLICT (id, d) DO NOTHING RETURNING *
INSERT INTO p VALUES (1, 1, 'b'), (3, 12, 'c') ON CONFLICT (id, d) DO UPDATE SET v = excluded.v || p.v RETURNING *
INSERT INTO p VALUES (9, 12, 'c') ON CONFLICT (d, v) DO UPDATE SET id = excluded.id RETURNING *
INSERT INTO p VALUES (9, 12, 'x') ON CONFLICT (id, d) DO UPDATE SET d = 3
INSERT INTO p VALUES (9, 12, 'x') ON CONFLICT (id, d) DO UPDATE SET d = 13 RETURNING *
INSERT INTO p VALUES (9, 13, 'x') ON CONFLICT ON CONSTRAINT p_pkey DO UPDATE SET v = 'constraint' RETURNING *
INSERT INTO p VALUES (1, 1, 'b') ON CONFLICT (v) DO NOTHING
UPDATE p SET d = 1 WHERE d = 11
UPDATE p SET id = 5, d = 1 WHERE d = 11 RETURNING *
SELECT tableoid::regclass, * FROM p ORDER BY d, id
SELECT conrelid::regclass, conname, contype, conislocal, coninhcount, conparentid <> 0 FROM pg_constraint WHERE conrelid IN ('p'::regclass, 'p1'::regclass) ORDER BY conrelid::regclass::text, conname
SELECT relname, relkind, relispartition FROM pg_class WHERE relnamespace = current_schema::regnamespace ORDER BY 1
SELECT inhrelid::regclass, inhparent::regclass FROM pg_inherits WHERE inhparent::regclass::text LIKE 'p%key' ORDER BY inhrelid::regclass::text
ALTER TABLE p1 DROP CONSTRAINT p1_pkey
DROP INDEX p1_pkey
CREATE INDEX ON p (v)
DROP INDEX p1_v_idx
CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30)
SELECT indexname FROM pg_indexes WHERE schemaname = current_schema ORDER BY 1
DROP INDEX p_v_idx
SELECT indexname FROM pg_indexes WHERE schemaname = current_schema ORDER BY 1
ALTER TABLE p DROP CONSTRAINT p_d_v_key
SELECT indexname FROM pg_indexes WHERE schemaname = current_schema ORDER BY 1
INSERT INTO p VALUES (77, 1, 'bbba'), (78, 1, 'bbba')
ALTER TABLE p DROP CONSTRAINT p_pkey
INSERT INTO p VALUES (77, 1, 'bbba')
ALTER TABLE p ADD PRIMARY KEY (id, d)
DELETE FROM p WHERE id = 77
ALTER TABLE p ADD PRIMARY KEY (id, d)
INSERT INTO p VALUES (78, 1, 'bbba')""",
    "references": """
CREATE TABLE a (id int PRIMARY KEY)
INSERT INTO a VALUES (1), (2), (3)
CREATE TABLE p (k int, a_id int REFERENCES a ON DELETE CASCADE) PARTITION BY LIST (k)
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2)
INSERT INTO p VALUES (1, 1), (2, 1), (2, 2)
INSERT INTO p VALUES (1, 9)
INSERT INTO p2 VALUES (2, 9)
UPDATE p SET a_id = 9
DELETE FROM a WHERE id = 1
SELECT tableoid::regclass, * FROM p ORDER BY k
CREATE TABLE n (k int, a_id int)
INSERT INTO n VALUES (3, 8)
ALTER TABLE p ATTACH PARTITION n FOR VALUES IN (3)
UPDATE n SET a_id = 3
ALTER TABLE p ATTACH PARTITION n FOR VALUES IN (3)
SELECT conrelid::regclass, conname, conislocal, coninhcount FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text IN ('p', 'p1', 'n') ORDER BY conrelid::regclass::text
DELETE FROM a WHERE id = 3
SELECT count(*) FROM p
DROP TABLE a
DROP TABLE a CASCADE
INSERT INTO p VALUES (1, 99)""",
    "defaults and sequences": """
CREATE TABLE p (id serial, k int NOT NULL DEFAULT 1, t text DEFAULT 'x' CHECK (t <> 'bad'), g int GENERATED ALWAYS AS (k * 2) STORED) PARTITION BY LIST (k)
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)
CREATE TABLE p2 PARTITION OF p (t DEFAULT 'y') FOR VALUES IN (2)
INSERT INTO p DEFAULT VALUES RETURNING *
INSERT INTO p1 DEFAULT VALUES RETURNING *
INSERT INTO p (k) VALUES (2) RETURNING tableoid::regclass, *
INSERT INTO p2 (k) VALUES (2) RETURNING tableoid::regclass, *
INSERT INTO p (k, t) VALUES (2, 'bad')
UPDATE p SET k = 2 WHERE id = 1 RETURNING tableoid::regclass, *
CREATE TABLE i (id int GENERATED ALWAYS AS IDENTITY, k int) PARTITION BY LIST (k)
CREATE TABLE i1 PARTITION OF i FOR VALUES IN (1)
INSERT INTO i (k) VALUES (1), (1) RETURNING *
INSERT INTO i1 (k) VALUES (1)
INSERT INTO i1 VALUES (50, 1) RETURNING *
ALTER TABLE p DROP COLUMN id
DROP TABLE p, i""",
    "queries": """
CREATE TABLE o (id int, region text, amount numeric, PRIMARY KEY (id, region)) PARTITION BY LIST (region)
CREATE TABLE o_n PARTITION OF o FOR VALUES IN ('n')
CREATE TABLE o_s PARTITION OF o FOR VALUES IN ('s')
CREATE TABLE o_d PARTITION OF o DEFAULT
CREATE TABLE c (id int PRIMARY KEY, name text)
INSERT INTO o SELECT g, (array['n', 's', 'e', 'w'])[1 + g % 4], g * 1.5 FROM generate_series(1, 40) g
INSERT INTO c SELECT g, 'c' || g FROM generate_series(1, 20) g
SELECT region, count(*), sum(amount) FROM o GROUP BY region ORDER BY region
SELECT c.name, o.amount FROM o JOIN c USING (id) WHERE region = 'n' ORDER BY id
SELECT c.name, o.tableoid::regclass FROM c LEFT JOIN o ON o.id = c.id + 30 ORDER BY c.id
SELECT count(*) FROM o a JOIN o b ON a.id = b.id + 1 AND a.region = 'n'
SELECT id FROM o ORDER BY amount DESC LIMIT 3
SELECT id FROM o WHERE region IN (SELECT region FROM o WHERE id < 2) ORDER BY id LIMIT 3
SELECT name, (SELECT sum(amount) FROM o WHERE o.id = c.id AND region = 'n') FROM c WHERE id < 6 ORDER BY id
SELECT c.id, x.region FROM c, LATERAL (SELECT region FROM o WHERE o.id = c.id AND o.region = (array['n', 's'])[1 + c.id % 2]) x ORDER BY 1
SELECT EXISTS (SELECT 1 FROM o WHERE region = 'zz'), (SELECT max(id) FROM o), (SELECT min(id) FROM o WHERE region = 's')
SELECT tableoid::regclass, count(*) FROM o WHERE tableoid = 'o_n'::regclass GROUP BY 1
WITH moved AS (DELETE FROM o WHERE id = 1 RETURNING *) INSERT INTO o SELECT id, 'n', amount FROM moved RETURNING *
UPDATE o SET amount = o.amount + c.id FROM c WHERE c.id = o.id AND o.region = 's' RETURNING o.id, o.amount
DELETE FROM o USING c WHERE o.id = c.id AND c.name = 'c7' RETURNING o.*, c.name
SELECT * FROM (SELECT id, region FROM o UNION ALL SELECT id, name FROM c) u WHERE id = 3 ORDER BY 2
SELECT row_number() OVER (PARTITION BY region ORDER BY id), id FROM o WHERE id > 36 ORDER BY id
PREPARE by_region(text) AS SELECT count(*), min(id) FROM o WHERE region = $1
EXECUTE by_region('n')
EXECUTE by_region('w')
EXECUTE by_region(NULL)
PREPARE by_id(int, text) AS SELECT * FROM o WHERE id = $1 AND region = $2
EXECUTE by_id(3, 'w')
EXECUTE by_id(4, 'n')
CREATE VIEW v AS SELECT tableoid::regclass AS part, id FROM o WHERE region <> 'n'
SELECT part, count(*) FROM v GROUP BY part ORDER BY part::text
BEGIN
SELECT id FROM o WHERE region = 's' AND id < 10 ORDER BY id FOR UPDATE
SELECT tableoid, ctid FROM nosuch
ROLLBACK
SELECT count(tableoid) FROM pg_class WHERE relname = 'pg_class'
SELECT tableoid::regclass FROM c LIMIT 1
INSERT INTO c VALUES (100, 'x') RETURNING tableoid::regclass
CREATE TEMP TABLE tp (a int) PARTITION BY RANGE (a)
CREATE TEMP TABLE tp1 PARTITION OF tp FOR VALUES FROM (0) TO (5)
INSERT INTO tp VALUES (1)
SELECT * FROM tp
CREATE TABLE perm PARTITION OF tp FOR VALUES FROM (5) TO (6)""",
    "subqueries that stand in several places": """
CREATE TABLE p (k int, g int) PARTITION BY RANGE (k)
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)
INSERT INTO p VALUES (1, 1), (12, 2)
CREATE TABLE t (g int, flag bool)
INSERT INTO t VALUES (1), (2), (3)
UPDATE t SET flag = (SELECT max(k) FROM p) BETWEEN 1 AND 15
SELECT g FROM t WHERE (SELECT max(k) FROM p) BETWEEN 1 AND 15 ORDER BY g
SELECT g, (SELECT max(k) FROM p WHERE p.g = t.g) BETWEEN 1 AND 5 FROM t ORDER BY g
SELECT g, (SELECT max(k) FROM p WHERE p.g = t.g) NOT BETWEEN SYMMETRIC 15 AND 2 FROM t ORDER BY g
SELECT g, CASE (SELECT max(k) FROM p WHERE p.g = t.g) WHEN 1 THEN 'a' WHEN 12 THEN 'b' ELSE 'c' END FROM t ORDER BY g
SELECT g, NULLIF((SELECT max(k) FROM p WHERE p.g = t.g), 12) FROM t ORDER BY g
SELECT g, (SELECT max(k) FROM p) > ANY (ARRAY[12, 15, g]), ((SELECT max(k) FROM p), g) < (12, 2) FROM t ORDER BY g
SELECT ((SELECT p FROM p WHERE k = 1)).*, g FROM t ORDER BY g
INSERT INTO t VALUES (4, (SELECT max(k) FROM p) BETWEEN 1 AND 5) RETURNING *
DELETE FROM t WHERE (SELECT min(k) FROM p WHERE p.g = t.g) BETWEEN 10 AND 15 RETURNING g
CREATE TABLE gen (a int, b int GENERATED ALWAYS AS (a + 1) STORED, c int GENERATED ALWAYS AS (a * 2) STORED)
INSERT INTO gen VALUES ((SELECT max(k) FROM p)) RETURNING *
UPDATE gen SET a = (SELECT min(k) FROM p) RETURNING *
CREATE TABLE q (k int)
INSERT INTO q VALUES (1), (3), (12)
SELECT (SELECT max(a.k) FROM q a WHERE a.k IN (SELECT b.k FROM q b WHERE b.k < 5)) BETWEEN 1 AND 5
WITH unread AS (SELECT 1 AS k), a AS (SELECT 100 AS k), b AS (SELECT 3 AS k) SELECT (SELECT max(k) FROM b) BETWEEN 1 AND 5, (SELECT k FROM a), (SELECT k + 1 FROM a)
SELECT k FROM q WHERE (SELECT max(a.k) FROM q a WHERE a.k IN (SELECT b.k FROM q b WHERE b.k <= q.k)) BETWEEN 2 AND 5
SELECT k, (SELECT max(a.k) FROM q a WHERE a.k NOT IN (SELECT b.k FROM q b WHERE b.k > q.k)) BETWEEN 2 AND 5 FROM q ORDER BY k
""",
    "bounds are of the type of the key": """
CREATE TABLE v (k varchar(3)) PARTITION BY LIST (k)
CREATE TABLE v1 PARTITION OF v FOR VALUES IN ('abcdef')
CREATE TABLE v2 PARTITION OF v FOR VALUES IN ('abc   ')
INSERT INTO v VALUES ('abc')
CREATE TABLE n (k numeric(5,2)) PARTITION BY RANGE (k)
CREATE TABLE n1 PARTITION OF n FOR VALUES FROM (1.005) TO (2.999)
INSERT INTO n VALUES (1.005), (2.995)
INSERT INTO n VALUES (1.00)
CREATE TABLE n2 PARTITION OF n FOR VALUES FROM (3) TO (123456)
CREATE TABLE ts (k timestamp(0)) PARTITION BY RANGE (k)
CREATE TABLE ts1 PARTITION OF ts FOR VALUES FROM ('2020-01-01 00:00:00.6') TO ('2020-01-02')
INSERT INTO ts VALUES ('2020-01-01 00:00:00.6')
INSERT INTO ts VALUES ('2020-01-01 00:00:00.4')
CREATE TABLE ch (k char(3)) PARTITION BY LIST (k)
CREATE TABLE ch1 PARTITION OF ch FOR VALUES IN ('a', 'b')
INSERT INTO ch VALUES ('a') RETURNING tableoid::regclass, k
CREATE TABLE w (k timestamp) PARTITION BY RANGE (k)
CREATE TABLE w1 PARTITION OF w FOR VALUES FROM ('2020-01-01') TO (now() + interval '100 years')
INSERT INTO w VALUES (now()), ('2020-01-01')
CREATE TABLE i (k int) PARTITION BY RANGE (k)
CREATE TABLE i1 PARTITION OF i FOR VALUES FROM (1/0) TO (10)
CREATE TABLE i2 PARTITION OF i FOR VALUES FROM (1 + 1) TO (length('1234567890'))
CREATE TYPE pair AS (a int, b text)
CREATE TABLE r (k pair) PARTITION BY LIST (k)
CREATE TABLE r1 PARTITION OF r FOR VALUES IN (ROW(1, 'a'))
INSERT INTO r VALUES (ROW(1, 'a')) RETURNING tableoid::regclass, k::text
CREATE TABLE h (k pair) PARTITION BY HASH (k)
CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0)
CREATE TABLE h2 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1)
INSERT INTO h SELECT ROW(g, 'x' || g)::pair FROM generate_series(1, 20) g
SELECT tableoid::regclass, count(*), min((k).a), max((k).a) FROM h GROUP BY 1 ORDER BY 1
SELECT k::text FROM h WHERE k = ROW(7, 'x7')::pair
""",
    "actions of the keys of partitions": """
CREATE TABLE a (id int PRIMARY KEY)
INSERT INTO a VALUES (1), (2), (15), (16), (50), (500)
CREATE TABLE p (k int, v int) PARTITION BY RANGE (k)
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)
ALTER TABLE p1 ADD FOREIGN KEY (k) REFERENCES a ON UPDATE CASCADE ON DELETE SET NULL
INSERT INTO p VALUES (1, 1), (2, 2)
UPDATE a SET id = 11 WHERE id = 1
UPDATE a SET id = 3 WHERE id = 2
DELETE FROM a WHERE id = 3
SELECT tableoid::regclass, * FROM p ORDER BY v
SELECT * FROM p WHERE k = 11
CREATE TABLE q (k int, v int) PARTITION BY RANGE (k)
CREATE TABLE q1 PARTITION OF q (FOREIGN KEY (k) REFERENCES a ON UPDATE CASCADE) FOR VALUES FROM (0) TO (20)
INSERT INTO q VALUES (15, 1)
UPDATE a SET id = 25 WHERE id = 15
UPDATE a SET id = 5 WHERE id = 15
SELECT tableoid::regclass, * FROM q
CREATE TABLE e (k int, v int) PARTITION BY RANGE ((k / 10))
CREATE TABLE e1 PARTITION OF e FOR VALUES FROM (1) TO (2)
ALTER TABLE e1 ADD FOREIGN KEY (k) REFERENCES a ON UPDATE CASCADE
INSERT INTO e VALUES (16, 1)
UPDATE a SET id = 6 WHERE id = 16
UPDATE a SET id = 17 WHERE id = 16
SELECT tableoid::regclass, * FROM e
CREATE TABLE d (k int DEFAULT 500 REFERENCES a ON DELETE SET DEFAULT, v int)
CREATE TABLE w (k int, v int) PARTITION BY RANGE (k)
ALTER TABLE w ATTACH PARTITION d FOR VALUES FROM (0) TO (100)
INSERT INTO w VALUES (50, 1)
DELETE FROM a WHERE id = 50
SELECT tableoid::regclass, * FROM w
ALTER TABLE w DETACH PARTITION d
DELETE FROM a WHERE id = 50
SELECT * FROM d""",
    "types of partitions": """
CREATE TABLE p (k int, v int DEFAULT 3, w text, CHECK (v < 500)) PARTITION BY RANGE (k)
CREATE INDEX px ON p ((v * 2))
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (k)
CREATE TABLE p21 PARTITION OF p2 FOR VALUES FROM (10) TO (15)
CREATE INDEX p1x ON p1 ((v + 1))
CREATE INDEX p21x ON p21 (k) WHERE v > 5
ALTER TABLE p21 ADD CONSTRAINT own CHECK (v < 100)
INSERT INTO p VALUES (1, 1, 'a'), (2, 400, 'c'), (11, 12, 'b')
CREATE VIEW pv AS SELECT v FROM p1
ALTER TABLE p ALTER v TYPE bigint
DROP VIEW pv
ALTER TABLE p ALTER v TYPE bigint
INSERT INTO p21 (k) VALUES (12) RETURNING v
INSERT INTO p21 (k, v) VALUES (13, 10000000000)
INSERT INTO p21 (k, v) VALUES (13, 100)
SELECT k FROM p WHERE v * 2 = 800
SELECT k FROM p1 WHERE v + 1 = 2
SELECT k FROM p21 WHERE k = 11 AND v > 5
ALTER TABLE p ALTER v TYPE int USING v + 90
DROP INDEX px
ALTER TABLE p ALTER v DROP DEFAULT
ALTER TABLE p ALTER v TYPE numeric USING v + 0.5, ALTER w TYPE varchar(3)
SELECT k FROM p1 WHERE v + 1 = 2.5
SELECT k FROM p21 WHERE k = 11 AND v > 5
SELECT tableoid::regclass, * FROM p ORDER BY k, v
ALTER TABLE p ALTER v TYPE int USING 700
SELECT tableoid::regclass, * FROM p ORDER BY k, v""",
    "references of an attached table": """
CREATE TABLE r (id int PRIMARY KEY)
INSERT INTO r VALUES (1), (2)
CREATE TABLE p (k int NOT NULL, v int, CONSTRAINT pfk FOREIGN KEY (v) REFERENCES r, CONSTRAINT puq UNIQUE (k, v)) PARTITION BY RANGE (k)
CREATE TABLE q (k int NOT NULL, v int, CONSTRAINT myfk FOREIGN KEY (v) REFERENCES r, CONSTRAINT myuq UNIQUE (k, v))
ALTER TABLE p ATTACH PARTITION q FOR VALUES FROM (0) TO (10)
SELECT conrelid::regclass, conname, contype, conislocal, coninhcount, conparentid <> 0 FROM pg_constraint WHERE conrelid IN ('p'::regclass, 'q'::regclass) ORDER BY conrelid::regclass::text, conname
INSERT INTO p VALUES (1, 9)
ALTER TABLE q DROP CONSTRAINT myfk
ALTER TABLE p DROP CONSTRAINT pfk
INSERT INTO p VALUES (1, 9)
SELECT conrelid::regclass, conname FROM pg_constraint WHERE conrelid IN ('p'::regclass, 'q'::regclass) ORDER BY conrelid::regclass::text, conname
DELETE FROM p
ALTER TABLE p ADD CONSTRAINT again FOREIGN KEY (v) REFERENCES r
SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'f' AND conrelid IN ('p'::regclass, 'q'::regclass) ORDER BY conrelid::regclass::text, conname
ALTER TABLE p DROP CONSTRAINT again
ALTER TABLE p DROP CONSTRAINT puq
SELECT conrelid::regclass, conname FROM pg_constraint WHERE conrelid IN ('p'::regclass, 'q'::regclass) ORDER BY conrelid::regclass::text, conname
CREATE TABLE q2 (k int NOT NULL, v int, CONSTRAINT x FOREIGN KEY (v) REFERENCES r)
ALTER TABLE p ADD CONSTRAINT x FOREIGN KEY (k) REFERENCES r
ALTER TABLE p ATTACH PARTITION q2 FOR VALUES FROM (10) TO (20)
SELECT conrelid::regclass, conname, conkey FROM pg_constraint WHERE contype = 'f' AND conrelid IN ('p'::regclass, 'q2'::regclass) ORDER BY conrelid::regclass::text, conname
ALTER TABLE p DROP CONSTRAINT x
SELECT conrelid::regclass, conname, conkey FROM pg_constraint WHERE contype = 'f' AND conrelid IN ('p'::regclass, 'q2'::regclass) ORDER BY conrelid::regclass::text, conname
ALTER TABLE p ADD CONSTRAINT y FOREIGN KEY (v) REFERENCES r DEFERRABLE INITIALLY DEFERRED
ALTER TABLE p ALTER CONSTRAINT y NOT DEFERRABLE
SELECT conrelid::regclass, conname, condeferrable, coninhcount FROM pg_constraint WHERE contype = 'f' AND conrelid IN ('p'::regclass, 'q2'::regclass) ORDER BY conrelid::regclass::text, conname
ALTER TABLE p ADD FOREIGN KEY (k) REFERENCES r
SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'f' AND conrelid IN ('p'::regclass, 'q2'::regclass) ORDER BY conrelid::regclass::text, conname
ALTER TABLE r DROP CONSTRAINT r_pkey CASCADE
SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'f' AND conrelid IN ('p'::regclass, 'q2'::regclass) ORDER BY conrelid::regclass::text, conname
CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30)
DROP TABLE r""",
}

NUMBERS = ", ".join(str(k) for k in range(2, 4002, 2))
ORED = " OR ".join(f"k = {k}" for k in range(2, 4002, 2))
SUMS = ", ".join(f"$1 + {k}" for k in range(2, 4002, 2))
SCRIPTS["long lists of keys"] = "\n".join(f"""
CREATE TABLE {name} (k int, v int) PARTITION BY {strategy} (k)
CREATE TABLE {name}1 PARTITION OF {name} FOR VALUES {first}
CREATE TABLE {name}2 PARTITION OF {name} FOR VALUES {second}
INSERT INTO {name} VALUES (2, 1), (3, 2), (6, 3), (7, 4)
SELECT count(*) FROM {name} WHERE k IN ({NUMBERS})
SELECT count(*) FROM {name} WHERE {ORED}
PREPARE of_{name}(int) AS SELECT count(*) FROM {name} WHERE k IN ({SUMS})
EXECUTE of_{name}(0)
EXECUTE of_{name}(1)
""".strip() for name, strategy, first, second in (
    ("r", "RANGE", "FROM (0) TO (5)", "FROM (5) TO (10)"),
    ("l", "LIST", "IN (2, 3)", "IN (6, 7)"),
    ("h", "HASH", "WITH (MODULUS 2, REMAINDER 0)", "WITH (MODULUS 2, REMAINDER 1)")))
