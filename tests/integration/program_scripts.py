"""Scripts of DO blocks, statement by statement. Notices are part of the answers."""

BLOCKS = ["""
CREATE TABLE t (id int PRIMARY KEY, name text, amount numeric(10,2))
INSERT INTO t SELECT g, 'n' || g, g * 1.5 FROM generate_series(1, 10) g
DO $$ BEGIN RAISE NOTICE 'hello %', 1 + 1; END $$
DO $$ DECLARE x int := 3; y text DEFAULT 'a'; z numeric(6,2) = 1.239; BEGIN
  x := x * 2; y := y || x; RAISE NOTICE '% % % %%', x, y, z; END $$
DO $$ DECLARE x int; BEGIN RAISE NOTICE '%', x; x := '12'; RAISE NOTICE '%', x + 1; x := 3.7; RAISE NOTICE '%', x; END $$
DO $$ DECLARE x int; BEGIN x := 'abc'; END $$
DO $$ DECLARE x varchar(3); BEGIN x := 'abcd'; END $$
DO $$ DECLARE x CONSTANT int := 1; BEGIN x := 2; END $$
DO $$ DECLARE x int NOT NULL := 1; BEGIN x := NULL; END $$
DO $$ DECLARE x t.amount%TYPE := 2.345; r t%ROWTYPE; BEGIN RAISE NOTICE '%', x; r.name := 'k'; RAISE NOTICE '% %', r.name, r.id; END $$
DO $$ DECLARE r record; n int := 0; BEGIN
  FOR r IN SELECT * FROM t WHERE id < 4 ORDER BY id LOOP n := n + r.id; RAISE NOTICE '%: %', r.name, r.amount; END LOOP;
  RAISE NOTICE 'sum %, found %', n, FOUND; END $$
DO $$ DECLARE n int; m text; BEGIN SELECT id, name INTO n, m FROM t WHERE id = 5; RAISE NOTICE '% % %', n, m, FOUND;
  SELECT id, name INTO n, m FROM t WHERE id = 50; RAISE NOTICE '% % %', n, m, FOUND; END $$
DO $$ DECLARE n int; BEGIN SELECT id INTO STRICT n FROM t WHERE id = 50; END $$
DO $$ DECLARE n int; BEGIN SELECT id INTO STRICT n FROM t; END $$
DO $$ DECLARE n int; BEGIN SELECT id INTO n FROM t ORDER BY id DESC; RAISE NOTICE '%', n; END $$
DO $$ DECLARE id int := 3; n int; BEGIN SELECT count(*) INTO n FROM t WHERE id = id; END $$
DO $$ <<b>> DECLARE id int := 3; n int; BEGIN SELECT count(*) INTO n FROM t WHERE t.id = b.id; RAISE NOTICE '%', n; END $$
DO $$ DECLARE n int; BEGIN INSERT INTO t VALUES (100, 'x', 1) RETURNING id INTO n; RAISE NOTICE '% %', n, FOUND;
  UPDATE t SET name = 'y' WHERE id = n; GET DIAGNOSTICS n = ROW_COUNT; RAISE NOTICE '%', n;
  DELETE FROM t WHERE id > 100; RAISE NOTICE '%', FOUND; END $$
SELECT * FROM t WHERE id = 100
DO $$ BEGIN SELECT 1; END $$
DO $$ BEGIN PERFORM 1 FROM t WHERE id = 77; RAISE NOTICE '%', FOUND; PERFORM id FROM t; RAISE NOTICE '%', FOUND; END $$
DO $$ DECLARE n int := 0; BEGIN
  FOR i IN 1..5 LOOP CONTINUE WHEN i = 2; EXIT WHEN i = 4; n := n * 10 + i; END LOOP; RAISE NOTICE '%', n;
  FOR i IN REVERSE 10..1 BY 3 LOOP RAISE NOTICE 'r %', i; END LOOP;
  <<outer>> LOOP LOOP n := n + 1; EXIT outer WHEN n > 20; EXIT; END LOOP; END LOOP;
  WHILE n > 18 LOOP n := n - 1; END LOOP; RAISE NOTICE '%', n; END $$
DO $$ DECLARE a int[] := ARRAY[1,2,3]; x int; BEGIN a[2] := 20; a[5] := 50; RAISE NOTICE '% %', a, array_length(a, 1);
  FOREACH x IN ARRAY a LOOP RAISE NOTICE '%', x; END LOOP; END $$
DO $$ DECLARE x int := 2; BEGIN
  CASE x WHEN 1, 2 THEN RAISE NOTICE 'few'; WHEN 3 THEN RAISE NOTICE 'three'; ELSE RAISE NOTICE 'many'; END CASE;
  CASE WHEN x > 5 THEN RAISE NOTICE 'big'; END CASE; END $$
DO $$ DECLARE x int := 7; BEGIN IF x < 5 THEN RAISE NOTICE 'a'; ELSIF x < 10 THEN RAISE NOTICE 'b'; ELSE RAISE NOTICE 'c'; END IF;
  IF NULL THEN RAISE NOTICE 'd'; END IF; END $$
DO $$ DECLARE q text; n bigint; BEGIN EXECUTE 'SELECT count(*) FROM ' || quote_ident('t') || ' WHERE id > $1' INTO n USING 5; RAISE NOTICE '%', n;
  EXECUTE format('UPDATE %I SET name = %L WHERE id = 1', 't', 'it''s'); GET DIAGNOSTICS n = ROW_COUNT; RAISE NOTICE '%', n; EXECUTE q; END $$
SELECT name FROM t WHERE id = 1
DO $$ DECLARE r record; BEGIN FOR r IN EXECUTE 'SELECT $1 + g AS v FROM generate_series(1, 2) g' USING 10 LOOP RAISE NOTICE '%', r.v; END LOOP; END $$
DO $$ BEGIN EXECUTE 'SELEC 1'; END $$
DO $$ DECLARE r record; BEGIN RAISE NOTICE '%', r.a; END $$
DO $$ DECLARE r record; BEGIN SELECT 1 AS a, 'x'::text AS b INTO r; RAISE NOTICE '% %', r.a, r.b; RAISE NOTICE '%', r.c; END $$
DO $$ DECLARE r record; s record; BEGIN SELECT * INTO r FROM t WHERE id = 3; s := r; s.name := 'changed'; RAISE NOTICE '% %', r.name, s.name; END $$
DO $$ DECLARE r record; BEGIN SELECT 7 AS id, 'seven' AS name INTO r; INSERT INTO t SELECT r.id + 200, r.name; INSERT INTO t (id, name) VALUES (r.id + 300, r.name); END $$
SELECT * FROM t WHERE id > 200 ORDER BY id
DO $$ BEGIN x := 1; END $$
DO $$ BEGIN SELECT nothing FROM t; END $$
DO $$ BEGIN IF 1 THEN NULL; END IF; END $$
DO LANGUAGE plpgsql 'BEGIN RAISE INFO ''i''; RAISE WARNING ''w''; RAISE DEBUG ''d''; END'
DO LANGUAGE nothing 'x'
DO $$ DECLARE n int; BEGIN n := (SELECT max(id) FROM t); RAISE NOTICE '%', n; n := (SELECT id FROM t); END $$
DO $$ DECLARE d date := '2024-02-28'; t timestamp; j jsonb := '{"a": 1}'; b boolean; BEGIN d := d + 2; t := d; RAISE NOTICE '% % %', d, t, j->>'a'; b := 'yes'; RAISE NOTICE '%', b; j := j || '{"b": 2}'; RAISE NOTICE '%', j; END $$
DO $$ BEGIN ASSERT 1 = 1; ASSERT 1 = 2, 'one is not two'; END $$
DO $$ BEGIN ASSERT false; END $$
DO $$ DECLARE x int := 1; BEGIN DECLARE x int := 2; BEGIN RAISE NOTICE '%', x; END; RAISE NOTICE '%', x; END $$
DO $$ <<a>> DECLARE x int := 1; BEGIN <<b>> DECLARE x int := 2; BEGIN RAISE NOTICE '% % %', x, a.x, b.x; a.x := 5; END; RAISE NOTICE '%', x; END $$
DO $$ BEGIN RETURN; RAISE NOTICE 'never'; END $$
DO $$ BEGIN RETURN 1; END $$
""", """
CREATE TABLE e (id int PRIMARY KEY, v int CHECK (v > 0))
INSERT INTO e VALUES (1, 1)
DO $$ BEGIN INSERT INTO e VALUES (1, 1); EXCEPTION WHEN unique_violation THEN RAISE NOTICE 'dup: % %', SQLSTATE, SQLERRM; END $$
DO $$ BEGIN INSERT INTO e VALUES (2, 1); INSERT INTO e VALUES (3, -1); EXCEPTION WHEN check_violation OR not_null_violation THEN RAISE NOTICE 'check'; END $$
SELECT * FROM e ORDER BY id
DO $$ DECLARE x int; BEGIN x := 1 / 0; EXCEPTION WHEN SQLSTATE '22012' THEN RAISE NOTICE 'zero'; END $$
DO $$ DECLARE x int; BEGIN x := 1 / 0; EXCEPTION WHEN data_exception THEN RAISE NOTICE 'class'; END $$
DO $$ BEGIN PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN RAISE; END $$
DO $$ BEGIN PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION 'wrapped: %', SQLERRM USING ERRCODE = 'AB123', HINT = 'h', DETAIL = 'd'; END $$
DO $$ BEGIN PERFORM 1 / 0; EXCEPTION WHEN unique_violation THEN NULL; END $$
DO $$ BEGIN RAISE unique_violation USING MESSAGE = 'made up', CONSTRAINT = 'c', TABLE = 't'; END $$
DO $$ BEGIN RAISE division_by_zero; END $$
DO $$ BEGIN RAISE SQLSTATE 'P0099'; END $$
DO $$ BEGIN RAISE EXCEPTION 'plain'; EXCEPTION WHEN raise_exception THEN RAISE NOTICE '%', SQLSTATE; END $$
DO $$ BEGIN RAISE EXCEPTION USING MESSAGE = 'm', ERRCODE = 'unique_violation'; END $$
DO $$ BEGIN RAISE nonsense; END $$
DO $$ BEGIN BEGIN INSERT INTO e VALUES (5, 5); RAISE EXCEPTION 'inner'; EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'undone'; END; INSERT INTO e VALUES (6, 6); END $$
SELECT * FROM e ORDER BY id
DO $$ DECLARE a text; b text; c text; d text; BEGIN INSERT INTO e VALUES (1, 1); EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS a = RETURNED_SQLSTATE, b = MESSAGE_TEXT, c = CONSTRAINT_NAME, d = PG_EXCEPTION_DETAIL; RAISE NOTICE '% | % | % | %', a, b, c, d; END $$
DO $$ DECLARE n int := 0; BEGIN FOR i IN 1..5 LOOP BEGIN INSERT INTO e VALUES (i, 1); n := n + 1; EXCEPTION WHEN unique_violation THEN NULL; END; END LOOP; RAISE NOTICE '%', n; END $$
SELECT * FROM e ORDER BY id
BEGIN
DO $$ BEGIN INSERT INTO e VALUES (50, 1); RAISE EXCEPTION 'stop'; END $$
SELECT 1
ROLLBACK
BEGIN
DO $$ BEGIN INSERT INTO e VALUES (51, 1); END $$
ROLLBACK
SELECT count(*) FROM e WHERE id > 40
DO $$ BEGIN ASSERT false, 'x'; EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'no'; END $$
DO $$ BEGIN RAISE; END $$
""", """
DO $$ BEGIN CREATE TABLE made (a int); INSERT INTO made VALUES (1), (2); END $$
SELECT * FROM made ORDER BY a
DO $$ DECLARE i int; BEGIN FOR i IN 1..3 LOOP EXECUTE format('CREATE TABLE IF NOT EXISTS part_%s (a int)', i); EXECUTE format('INSERT INTO part_%s VALUES (%s)', i, i * 10); END LOOP; END $$
SELECT a FROM part_1 UNION ALL SELECT a FROM part_3 ORDER BY a
DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'made' AND column_name = 'b') THEN ALTER TABLE made ADD COLUMN b text DEFAULT 'q'; END IF; END $$
SELECT * FROM made ORDER BY a
DO $$ BEGIN ALTER TABLE made RENAME TO other; PERFORM 1 FROM other; CREATE INDEX ON other (a); EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', SQLERRM; END $$
SELECT count(*) FROM other
DO $$ BEGIN CREATE TABLE gone (a int); RAISE EXCEPTION 'no'; EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'undone'; END $$
SELECT * FROM gone
DO $$ DECLARE r record; BEGIN FOR r IN SELECT tablename FROM pg_tables WHERE schemaname = 'programs' AND tablename LIKE 'part%' ORDER BY 1 LOOP EXECUTE 'DROP TABLE ' || quote_ident(r.tablename); RAISE NOTICE 'dropped %', r.tablename; END LOOP; END $$
DO $$ BEGIN PERFORM set_config('search_path', 'programs', false); SET LOCAL work_mem = '8MB'; END $$
DO $$ BEGIN BEGIN; END $$
DO $$ DECLARE c CURSOR (n int) FOR SELECT a FROM other WHERE a >= n ORDER BY a; x int; BEGIN OPEN c(1); LOOP FETCH c INTO x; EXIT WHEN NOT FOUND; RAISE NOTICE '%', x; END LOOP; CLOSE c; FOR r IN c(2) LOOP RAISE NOTICE 'r %', r.a; END LOOP; END $$
DO $$ DECLARE c refcursor; x int; BEGIN OPEN c FOR SELECT g FROM generate_series(1, 5) g; FETCH c INTO x; RAISE NOTICE '%', x; MOVE FORWARD 2 FROM c; FETCH NEXT FROM c INTO x; RAISE NOTICE '%', x; FETCH LAST FROM c INTO x; RAISE NOTICE '%', x; CLOSE c; END $$
DO $$ DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE 'SELECT $1::int AS v' USING 4; CLOSE c; END $$
CREATE TABLE many (i int)
DO $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO many VALUES (i); COMMIT; END LOOP; INSERT INTO many VALUES (9); ROLLBACK; END $$
SELECT * FROM many ORDER BY i
BEGIN
DO $$ BEGIN COMMIT; END $$
ROLLBACK
DO $$ BEGIN BEGIN COMMIT; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', SQLERRM; END; END $$
""", """
CREATE TYPE pair AS (a int, b text)
CREATE TABLE kept (a int, b text)
INSERT INTO kept VALUES (1, 'x')
DO $$ DECLARE r record := 5; BEGIN RAISE NOTICE '%', r; END $$
DO $$ DECLARE r kept%ROWTYPE := 5; BEGIN RAISE NOTICE '%', r; END $$
DO $$ DECLARE r pair := '(1,x)'; BEGIN RAISE NOTICE '%', r; END $$
DO $$ DECLARE r kept%ROWTYPE := row('1', 2); BEGIN RAISE NOTICE '% %', r, r.b; END $$
DO $$ DECLARE r CONSTANT pair := row(1, 'x'); BEGIN r := row(2, 'y'); END $$
DO $$ DECLARE r CONSTANT kept%ROWTYPE := row(1, 'x'); BEGIN r.a := 2; END $$
DO $$ DECLARE r CONSTANT record := row(1, 'x'); s pair; BEGIN r := s; END $$
DO $$ DECLARE r pair NOT NULL := NULL; BEGIN NULL; END $$
DO $$ DECLARE r pair NOT NULL := row(1, 'x'); BEGIN r := NULL; END $$
DO $$ DECLARE r pair; BEGIN RAISE NOTICE '% % %', r, r.a, r IS NULL; r.a := NULL; RAISE NOTICE '% % %', r, r.a, r IS NULL; END $$
DO $$ DECLARE r pair := row(1, 'x'); BEGIN r := NULL; RAISE NOTICE '% %', r, r.b; r := row(NULL, NULL); RAISE NOTICE '%', r; END $$
DO $$ DECLARE r kept; BEGIN SELECT * INTO r FROM kept WHERE a = 7; RAISE NOTICE '% % %', r, r.a, FOUND; SELECT * INTO r FROM kept; RAISE NOTICE '%', r; END $$
DO $$ DECLARE r record; BEGIN SELECT * INTO r FROM kept WHERE a = 7; RAISE NOTICE '% % %', r, r.a, FOUND; END $$
DO $$ DECLARE r record; BEGIN RAISE NOTICE '%', r.a; END $$
DO $$ DECLARE r record; BEGIN r := row(1, 2); r := NULL; RAISE NOTICE '%', r.f1; END $$
DO $$ DECLARE r record; s record; BEGIN r := row(1, 2); s := r; RAISE NOTICE '% %', s.f2, s = r; END $$
CREATE FUNCTION made(which int) RETURNS pair LANGUAGE plpgsql AS $$ DECLARE r pair; BEGIN IF which = 1 THEN r.a := NULL; END IF; IF which = 2 THEN r := row(2, 'z'); END IF; RETURN r; END $$
SELECT made(0), made(1), made(2), made(0) IS NULL
SELECT (made(0)).a, (made(2)).b
CREATE FUNCTION given(r pair) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN coalesce(r::text, 'nothing') || (r IS NULL); END $$
SELECT given(NULL), given(row(NULL, NULL)), given(row(1, NULL))
CREATE FUNCTION out_pair(OUT r pair, which int) LANGUAGE plpgsql AS $$ BEGIN IF which = 1 THEN r.b := NULL; END IF; END $$
SELECT out_pair(0), out_pair(1)
CREATE FUNCTION twice(a int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN $1 + a + twice.a; END $$
SELECT twice(5)
CREATE FUNCTION sum_of(int, b int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE first ALIAS FOR $1; BEGIN RETURN $1 * 100 + first * 10 + b + $2; END $$
SELECT sum_of(1, 2)
"""]


FUNCTIONS = ["""
CREATE TABLE t (id int PRIMARY KEY, name text, amount numeric(10,2))
INSERT INTO t SELECT g, 'n' || g, g * 1.5 FROM generate_series(1, 10) g
CREATE FUNCTION add(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT a + b'
SELECT add(1, 2), add(b => 5, a => 3), add(NULL, 1)
SELECT id, add(id, 100) FROM t WHERE add(id, 1) > 9 ORDER BY id
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1 * 2'
SELECT twice(4), twice(NULL), twice(id) FROM t WHERE id < 3 ORDER BY id
CREATE FUNCTION total() RETURNS numeric LANGUAGE sql STABLE AS 'SELECT sum(amount) FROM t'
SELECT total(), total() + 1
CREATE FUNCTION name_of(i int) RETURNS text LANGUAGE sql STABLE AS 'SELECT name FROM t WHERE id = i'
SELECT g, name_of(g) FROM generate_series(0, 3) g ORDER BY g
CREATE FUNCTION above(least numeric) RETURNS TABLE(id int, what text) LANGUAGE sql STABLE AS 'SELECT t.id, t.name FROM t WHERE amount > least'
SELECT * FROM above(12) ORDER BY id
SELECT g, a.id FROM generate_series(12, 14) g, LATERAL above(g) a ORDER BY 1, 2
SELECT a.what FROM above(10) AS a(x, what) ORDER BY 1
CREATE FUNCTION odd() RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT id FROM t WHERE id % 2 = 1 ORDER BY id'
SELECT * FROM odd()
SELECT sum(o) FROM odd() o
CREATE FUNCTION label(x int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN IF x IS NULL THEN RETURN 'none'; ELSIF x < 5 THEN RETURN 'few'; END IF; RETURN 'many'; END $$
SELECT label(1), label(7), label(NULL)
SELECT id, label(id) FROM t WHERE label(id) = 'few' ORDER BY id
CREATE FUNCTION grade(x int) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text := 'g'; n int := x * 2; BEGIN CASE WHEN n > 10 THEN r := r || 'high'; ELSE r := r || 'low'; END CASE; r := r || n; RETURN r; END $$
SELECT id, grade(id) FROM t WHERE id IN (2, 9) ORDER BY id
CREATE FUNCTION checked(x int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF x > 5 THEN RAISE EXCEPTION 'too large: %', x USING HINT = 'less'; END IF; RETURN x; END $$
SELECT checked(3)
SELECT checked(9)
SELECT checked(id) FROM t WHERE id < 4 ORDER BY id
SELECT checked(id) FROM t
CREATE FUNCTION lookup(i int) RETURNS text LANGUAGE plpgsql STABLE AS $$ DECLARE v text; BEGIN SELECT name INTO v FROM t WHERE id = i; RETURN coalesce(v, '?'); END $$
SELECT g, lookup(g) FROM generate_series(0, 2) g ORDER BY g
CREATE FUNCTION fact(n int) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN IF n <= 1 THEN RETURN 1; END IF; RETURN n * fact(n - 1); END $$
SELECT fact(10)
CREATE FUNCTION fib(n int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE a int := 0; b int := 1; c int; BEGIN FOR i IN 1..n LOOP c := a + b; a := b; b := c; END LOOP; RETURN a; END $$
SELECT fib(10), fib(20)
CREATE FUNCTION insert_one(i int, n text DEFAULT 'dflt') RETURNS int LANGUAGE plpgsql AS $$ DECLARE r int; BEGIN INSERT INTO t VALUES (i, n, 0) RETURNING id INTO r; RETURN r + 1000; END $$
SELECT insert_one(50), insert_one(51, 'x')
SELECT * FROM t WHERE id >= 50 ORDER BY id
SELECT insert_one(50)
SELECT count(*) FROM t
CREATE FUNCTION numbers(n int) RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..n LOOP RETURN NEXT i * i; END LOOP; RETURN; END $$
SELECT * FROM numbers(4)
SELECT sum(v), count(*) FROM numbers(5) AS v
SELECT numbers(3)
CREATE FUNCTION pairs(n int) RETURNS TABLE(a int, b text) LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..n LOOP a := i; b := 'v' || i; RETURN NEXT; END LOOP; RETURN QUERY SELECT 99, 'last'; END $$
SELECT * FROM pairs(2)
SELECT b FROM pairs(3) p WHERE p.a > 1 ORDER BY 1
CREATE FUNCTION outs(IN x int, OUT double int, OUT square int) LANGUAGE plpgsql AS $$ BEGIN double := x * 2; square := x * x; END $$
SELECT * FROM outs(5)
CREATE FUNCTION one_out(x int, OUT y int) LANGUAGE plpgsql AS $$ BEGIN y := x + 1; END $$
SELECT one_out(4)
CREATE FUNCTION nothing() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t WHERE id > 40; END $$
SELECT nothing()
SELECT count(*) FROM t
CREATE PROCEDURE add_rows(n int) LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..n LOOP INSERT INTO t VALUES (100 + i, 'p', i); COMMIT; END LOOP; END $$
CALL add_rows(3)
SELECT id FROM t WHERE id > 100 ORDER BY id
CREATE PROCEDURE swap(INOUT a int, INOUT b int) LANGUAGE plpgsql AS $$ DECLARE c int := a; BEGIN a := b; b := c; END $$
CALL swap(1, 2)
SELECT add_rows(1)
CALL fib(1)
SELECT nowhere(1)
SELECT add('a', 1)
BEGIN
CALL add_rows(1)
ROLLBACK
CREATE OR REPLACE FUNCTION add(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT a - b'
SELECT add(1, 2)
SELECT id, add(id, 100) FROM t WHERE id < 3 ORDER BY id
CREATE FUNCTION noreturn() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; END $$
SELECT noreturn()
CREATE FUNCTION two(x int) RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (x, $$sql$$, 1); SELECT count(*)::int FROM t WHERE id = x'
SELECT two(500)
SELECT name FROM t WHERE id = 500
DO $$ DECLARE n int; BEGIN n := add(5, 3) + fib(5); RAISE NOTICE '%', n; PERFORM insert_one(600); END $$
SELECT count(*) FROM t WHERE id = 600
CREATE VIEW named AS SELECT id, label(id) AS l FROM t WHERE id < 3
SELECT * FROM named ORDER BY id
SELECT label(n) FROM (SELECT count(*)::int AS n FROM t) s
""", """
CREATE TABLE account (id int PRIMARY KEY, balance numeric NOT NULL CHECK (balance >= 0))
INSERT INTO account VALUES (1, 100), (2, 50)
CREATE FUNCTION transfer(f int, t int, amount numeric) RETURNS numeric LANGUAGE plpgsql AS $$ DECLARE left_over numeric; BEGIN
  UPDATE account SET balance = balance - amount WHERE id = f RETURNING balance INTO left_over; IF NOT FOUND THEN RAISE EXCEPTION 'no account %', f USING ERRCODE = 'no_data_found'; END IF;
  UPDATE account SET balance = balance + amount WHERE id = t; RETURN left_over; END $$
SELECT transfer(1, 2, 30)
SELECT * FROM account ORDER BY id
SELECT transfer(1, 2, 300)
SELECT * FROM account ORDER BY id
SELECT transfer(9, 2, 3)
CREATE FUNCTION safe(f int, t int, amount numeric) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM transfer(f, t, amount); RETURN 'ok'; EXCEPTION WHEN check_violation THEN RETURN 'poor'; WHEN no_data_found THEN RETURN SQLERRM; END $$
SELECT safe(1, 2, 1000), safe(7, 1, 1), safe(2, 1, 5)
SELECT * FROM account ORDER BY id
BEGIN
SELECT transfer(2, 1, 1)
ROLLBACK
SELECT * FROM account ORDER BY id
CREATE FUNCTION amb(id int) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT balance FROM account WHERE id = id); END $$
SELECT amb(1)
""", """
CREATE FUNCTION fib2(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF n < 2 THEN RETURN n; END IF; RETURN fib2(n - 1) + fib2(n - 2); END $$
SELECT fib2(9)
CREATE FUNCTION ack(m int, n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF m = 0 THEN RETURN n + 1; ELSIF n = 0 THEN RETURN ack(m - 1, 1); END IF; RETURN ack(m - 1, ack(m, n - 1)); END $$
SELECT ack(2, 2)
CREATE FUNCTION inner_one(x int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN x + 1; END $$
CREATE FUNCTION letters(x int) RETURNS SETOF text LANGUAGE plpgsql STABLE AS $$ BEGIN FOR i IN 1..x LOOP RETURN NEXT 'b' || i; END LOOP; END $$
SELECT upto(id), letters(2) FROM t WHERE id = 3
SELECT upto(id), generate_series(1, 2) FROM t WHERE id = 3
SELECT id, upto(2), letters(id), digits(id + 40) FROM t WHERE id = 3
SELECT upto(upto(id)), letters(id) FROM t WHERE id = 2
CREATE FUNCTION positive(x int) RETURNS bool LANGUAGE plpgsql STABLE AS $$ BEGIN IF x < 5 THEN RAISE EXCEPTION 'small'; END IF; PERFORM 1; RETURN true; END $$
CREATE FUNCTION above(x int) RETURNS bool LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM 1; RETURN x > 6; END $$
SELECT id FROM t WHERE above(id) AND positive(id) ORDER BY id
SELECT id FROM t WHERE above(id) AND id < 9 AND positive(id - 2) ORDER BY id
CREATE FUNCTION warns(x int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'w %', x; PERFORM count(*) FROM t; RAISE NOTICE 'n %', x; RETURN x; END $$
SELECT warns(id) FROM t WHERE id < 3 ORDER BY id
SELECT warns(7)
DO $$ DECLARE r record; BEGIN SELECT 1, 2, 3 INTO r; RAISE NOTICE '%', r; SELECT count(*), count(nullif(id, 1)) INTO r FROM t; RAISE NOTICE '%', r; SELECT a.id, b.id INTO r FROM t a, t b WHERE a.id = 1 AND b.id = 2; RAISE NOTICE '% %', r, r.id; END $$
DO $$ DECLARE r record; BEGIN IF r IS NULL THEN RAISE NOTICE 'null'; END IF; RAISE NOTICE '%', r; END $$
DO $$ DECLARE r record; BEGIN SELECT 1 x INTO r; r := NULL; RAISE NOTICE '%', r; RAISE NOTICE '%', r.x; END $$
CREATE FUNCTION outer_one(x int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE r int := 0; BEGIN FOR i IN 1..x LOOP r := r + inner_one(i); END LOOP; RETURN r; END $$
SELECT outer_one(3)
CREATE OR REPLACE FUNCTION inner_one(x int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN x + 1000; END $$
SELECT outer_one(3)
BEGIN
CREATE OR REPLACE FUNCTION inner_one(x int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN -1; END $$
SELECT outer_one(3)
ROLLBACK
SELECT outer_one(3)
DROP FUNCTION inner_one(int)
SELECT outer_one(3)
""", """
CREATE SCHEMA IF NOT EXISTS programs_two
DROP TABLE IF EXISTS programs_two.place
CREATE TABLE place (name text)
INSERT INTO place VALUES ('one')
CREATE TABLE programs_two.place (name text)
INSERT INTO programs_two.place VALUES ('two')
CREATE FUNCTION where_am_i() RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text := ''; BEGIN FOR i IN 1..2 LOOP r := r || (SELECT name FROM place); END LOOP; RETURN r; END $$
SELECT where_am_i()
SET search_path = programs_two, programs
SELECT where_am_i()
SET search_path = programs, programs_two
SELECT where_am_i()
CREATE FUNCTION told() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'before'; RAISE EXCEPTION 'after'; END $$
SELECT told()
SELECT 1
CREATE TABLE kept (x int PRIMARY KEY)
CREATE FUNCTION grows(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN n; END $$
SELECT grows(1)
CREATE OR REPLACE FUNCTION grows(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO kept VALUES (n); BEGIN INSERT INTO kept VALUES (n); EXCEPTION WHEN unique_violation THEN NULL; END; INSERT INTO kept VALUES (n); RETURN n; END $$
SELECT grows(1)
SELECT * FROM kept
CREATE OR REPLACE FUNCTION grows(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO kept VALUES (n); BEGIN INSERT INTO kept VALUES (n); EXCEPTION WHEN unique_violation THEN NULL; END; RETURN n; END $$
SELECT grows(1)
SELECT * FROM kept
"""]

TRIGGERS = ["""
CREATE TABLE doc (id int PRIMARY KEY, body text, version int DEFAULT 1, updated text, size int)
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated := 'at ' || TG_OP; NEW.size := length(NEW.body); IF TG_OP = 'UPDATE' THEN NEW.version := OLD.version + 1; END IF; RETURN NEW; END $$
CREATE TRIGGER doc_touch BEFORE INSERT OR UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION touch()
INSERT INTO doc (id, body) VALUES (1, 'hello'), (2, 'you')
SELECT * FROM doc ORDER BY id
UPDATE doc SET body = 'longer text' WHERE id = 1 RETURNING *
UPDATE doc SET body = body || '!'
SELECT * FROM doc ORDER BY id
INSERT INTO doc SELECT g, 'g' || g FROM generate_series(10, 12) g RETURNING id, size, updated
INSERT INTO doc (id, body) VALUES (1, 'again') ON CONFLICT (id) DO UPDATE SET body = excluded.body RETURNING *
CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.body = '' THEN RAISE EXCEPTION 'empty body of %', NEW.id USING ERRCODE = '23514'; END IF; IF NEW.body = 'skip' THEN RETURN NULL; END IF; RETURN NEW; END $$
CREATE TRIGGER a_guard BEFORE INSERT OR UPDATE OF body ON doc FOR EACH ROW EXECUTE FUNCTION guard()
INSERT INTO doc (id, body) VALUES (20, '')
INSERT INTO doc (id, body) VALUES (21, 'skip'), (22, 'kept')
SELECT id, body FROM doc WHERE id >= 20 ORDER BY id
UPDATE doc SET body = 'skip' WHERE id = 22
UPDATE doc SET body = '' WHERE id = 1
UPDATE doc SET version = 50 WHERE id = 22 RETURNING version
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.version > 10 THEN RETURN NULL; END IF; RETURN OLD; END $$
CREATE TRIGGER doc_keep BEFORE DELETE ON doc FOR EACH ROW EXECUTE PROCEDURE keep()
DELETE FROM doc WHERE id >= 10
SELECT id FROM doc ORDER BY id
CREATE TRIGGER doc_when BEFORE UPDATE ON doc FOR EACH ROW WHEN (OLD.body IS DISTINCT FROM NEW.body) EXECUTE FUNCTION guard()
UPDATE doc SET body = 'skip' WHERE id = 2
ALTER TABLE doc DISABLE TRIGGER doc_touch
UPDATE doc SET body = 'quiet' WHERE id = 2 RETURNING body, version, updated
ALTER TABLE doc ENABLE TRIGGER doc_touch
UPDATE doc SET body = 'loud' WHERE id = 2 RETURNING body, version, updated
DROP TRIGGER doc_touch ON doc
UPDATE doc SET body = 'plain' WHERE id = 2 RETURNING body, version, updated
DROP TRIGGER doc_touch ON doc
CREATE OR REPLACE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.body := upper(NEW.body); RETURN NEW; END $$
INSERT INTO doc (id, body) VALUES (30, 'abc') RETURNING body
SELECT touch()
""", """
CREATE TABLE item (id int PRIMARY KEY, name text, qty int)
CREATE TABLE log (n serial, op text, id int, old_qty int, new_qty int)
CREATE TABLE counter (what text PRIMARY KEY, n int)
INSERT INTO counter VALUES ('item', 0)
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'INSERT' THEN INSERT INTO log (op, id, new_qty) VALUES (TG_OP, NEW.id, NEW.qty); UPDATE counter SET n = n + 1 WHERE what = TG_TABLE_NAME;
  ELSIF TG_OP = 'UPDATE' THEN INSERT INTO log (op, id, old_qty, new_qty) VALUES (TG_OP, NEW.id, OLD.qty, NEW.qty);
  ELSE INSERT INTO log (op, id, old_qty) VALUES (TG_OP, OLD.id, OLD.qty); UPDATE counter SET n = n - 1 WHERE what = TG_TABLE_NAME; END IF; RETURN NULL; END $$
CREATE TRIGGER item_audit AFTER INSERT OR UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION audit()
INSERT INTO item VALUES (1, 'a', 5), (2, 'b', 6), (3, 'c', 7)
SELECT op, id, old_qty, new_qty FROM log ORDER BY n
SELECT * FROM counter
UPDATE item SET qty = qty * 10 WHERE id < 3 RETURNING id, qty
DELETE FROM item WHERE id = 3
SELECT op, id, old_qty, new_qty FROM log ORDER BY n
SELECT * FROM counter
BEGIN
DELETE FROM item
SELECT n FROM counter
ROLLBACK
SELECT n FROM counter
CREATE FUNCTION said() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% % % % %', TG_NAME, TG_WHEN, TG_LEVEL, TG_OP, TG_ARGV[0]; RETURN NULL; END $$
CREATE TRIGGER b_said BEFORE UPDATE ON item FOR EACH STATEMENT EXECUTE FUNCTION said('first')
CREATE TRIGGER c_said AFTER UPDATE ON item FOR EACH STATEMENT EXECUTE FUNCTION said('last')
CREATE TRIGGER d_said AFTER UPDATE OF name ON item FOR EACH ROW WHEN (NEW.name <> OLD.name) EXECUTE FUNCTION said('named')
UPDATE item SET qty = 1
UPDATE item SET name = 'z' WHERE id = 1
UPDATE item SET name = 'z' WHERE id = 1
UPDATE item SET name = 'y' WHERE id = 99
CREATE FUNCTION no_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF (SELECT count(*) FROM item) > 4 THEN RAISE EXCEPTION 'too many'; END IF; RETURN NULL; END $$
CREATE TRIGGER e_limit AFTER INSERT ON item FOR EACH ROW EXECUTE FUNCTION no_more()
INSERT INTO item VALUES (10, 'x', 1), (11, 'x', 1)
INSERT INTO item VALUES (12, 'x', 1)
SELECT id FROM item ORDER BY id
SELECT n FROM counter
INSERT INTO item VALUES (10, 'x', 1) ON CONFLICT DO NOTHING
DROP TRIGGER b_said ON item
DROP TRIGGER c_said ON item
UPDATE item SET qty = 2 WHERE id = 1
DROP TABLE item
""", """
CREATE TABLE a (id int PRIMARY KEY, v int, g int GENERATED ALWAYS AS (v * 2) STORED)
CREATE TABLE log (op text, v int)
INSERT INTO a VALUES (1, 1)
CREATE FUNCTION raises() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$
CREATE TRIGGER on_generated BEFORE UPDATE OF g ON a FOR EACH ROW EXECUTE FUNCTION raises()
UPDATE a SET v = 3
DROP TRIGGER on_generated ON a
CREATE FUNCTION differs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.v IS DISTINCT FROM OLD.v THEN INSERT INTO log VALUES (TG_OP, coalesce(NEW.v, OLD.v)); END IF; RETURN NULL; END $$
INSERT INTO a VALUES (5, 1)
CREATE TRIGGER differs AFTER INSERT OR UPDATE OR DELETE ON a FOR EACH ROW EXECUTE FUNCTION differs()
INSERT INTO a VALUES (6, 7)
UPDATE a SET v = 7 WHERE id >= 5
DELETE FROM a WHERE id = 6
SELECT * FROM log
""", """
CREATE TABLE parent (id int PRIMARY KEY)
CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent ON DELETE CASCADE, touched int DEFAULT 0)
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.touched := OLD.touched + 1; RETURN NEW; END $$
CREATE TRIGGER touched BEFORE UPDATE ON child FOR EACH ROW EXECUTE FUNCTION touched()
INSERT INTO parent VALUES (1), (2)
INSERT INTO child VALUES (10, 1), (20, 2)
UPDATE child SET parent = 1 WHERE id = 20
DELETE FROM parent WHERE id = 1
SELECT * FROM child
SELECT * FROM parent
"""]

# Functions that are called for rows, and what they leave behind.
ROWS = ["""
CREATE TABLE t (id int PRIMARY KEY, name text, tags text[], n numeric(10,2))
INSERT INTO t SELECT g, 'Name ' || g, ARRAY['a' || g, 'b'], g * 1.5 FROM generate_series(1, 12) g
CREATE TABLE seen (x int, at int GENERATED ALWAYS AS IDENTITY)
CREATE FUNCTION digits(x int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE s int := 0; BEGIN WHILE x > 0 LOOP s := s + x % 10; x := x / 10; END LOOP; RETURN s; END $$
CREATE FUNCTION slug(v text) RETURNS text LANGUAGE plpgsql STABLE AS $$ DECLARE r text := ''; c text; BEGIN FOREACH c IN ARRAY string_to_array(lower(v), ' ') LOOP r := r || CASE WHEN r = '' THEN '' ELSE '-' END || c; END LOOP; RETURN r; END $$
CREATE FUNCTION note(x int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES (x); RETURN x * 10; END $$
CREATE FUNCTION both_of(x int, OUT a int, OUT b text) LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..x LOOP a := coalesce(a, 0) + i; END LOOP; b := repeat('x', x); END $$
CREATE FUNCTION upto(x int) RETURNS SETOF int LANGUAGE plpgsql STABLE AS $$ BEGIN FOR i IN 1..x LOOP RETURN NEXT i; END LOOP; END $$
CREATE FUNCTION refuses(x int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF x = 5 THEN RAISE EXCEPTION 'no %', x USING ERRCODE = '22000'; END IF; RETURN x; END $$
CREATE FUNCTION strictly(x int) RETURNS int LANGUAGE plpgsql STRICT STABLE AS $$ BEGIN PERFORM 1; RETURN x + 1; END $$
SELECT id, digits(id), slug(name) FROM t ORDER BY id
SELECT digits(id * 7) AS d, tags, n FROM t WHERE digits(id) > 3 AND id < 9 ORDER BY d DESC, id
SELECT digits(digits(id * 999)), digits(id) + digits(id) FROM t ORDER BY id
SELECT digits(id % 3), count(*), sum(digits(id)) FROM t GROUP BY 1 ORDER BY 1
SELECT digits(sum(id)::int), max(digits(id)) FILTER (WHERE digits(id) < 5) FROM t
SELECT digits(id % 4), array_agg(slug(name) ORDER BY id) FROM t GROUP BY digits(id % 4) ORDER BY 1
SELECT digits(id % 3), sum(digits(id % 3)), digits(id % 3 + 10) FROM t GROUP BY id % 3 ORDER BY 1
SELECT id FROM t WHERE (SELECT max(digits(x.id)) FROM t x WHERE x.id < 11) BETWEEN 1 AND 9 AND id < 3 ORDER BY id
SELECT DISTINCT digits(id) FROM t ORDER BY 1
SELECT DISTINCT ON (digits(id)) digits(id), id FROM t ORDER BY digits(id), id DESC
SELECT id, rank() OVER (ORDER BY digits(id), id), sum(digits(id)) OVER (ORDER BY id) FROM t ORDER BY id
SELECT id, digits(rank() OVER (ORDER BY id DESC)::int) FROM t ORDER BY id
SELECT id FROM t ORDER BY slug(name) LIMIT 3
SELECT id, note(id) FROM t WHERE id <= 3 ORDER BY id DESC
SELECT x FROM seen ORDER BY at
SELECT note(id) FROM t ORDER BY id DESC LIMIT 2
SELECT x FROM seen ORDER BY at
SELECT digits(id) FROM t ORDER BY id OFFSET 1 LIMIT 1
SELECT note(7) WHERE false
SELECT note(8) WHERE 1 = 1
SELECT count(*) FROM seen
SELECT note(id) FROM t WHERE note(id + 100) > 1080 AND id < 11 ORDER BY id
SELECT x FROM seen WHERE x > 100 OR x = 9 ORDER BY at
SELECT id, (both_of(id)).* FROM t WHERE id < 4 ORDER BY id
SELECT id, both_of(id) FROM t WHERE id < 3 ORDER BY id
SELECT id, upto(id) FROM t WHERE id < 4 ORDER BY 1, 2
SELECT id, upto(digits(id)), digits(id) FROM t WHERE id IN (2, 11) ORDER BY 1, 2
SELECT refuses(id) FROM t WHERE id < 5 ORDER BY id
SELECT refuses(id) FROM t
SELECT strictly(nullif(id, 2)) FROM t WHERE id < 4 ORDER BY id
SELECT s.d, t.name FROM (SELECT id, digits(id) AS d FROM t) s JOIN t USING (id) WHERE s.d > 6 ORDER BY id
WITH w AS (SELECT id, slug(name) AS s FROM t) SELECT a.s, b.s FROM w a JOIN w b ON b.id = a.id + 1 WHERE a.id < 3 ORDER BY a.id
CREATE TABLE made (id int, s text)
INSERT INTO made SELECT id, slug(name) FROM t WHERE id < 4
SELECT * FROM made ORDER BY id
INSERT INTO made (id) SELECT note(id) FROM t WHERE id = 1 RETURNING id
UPDATE t SET name = s.v FROM (SELECT id, slug(name) AS v FROM t WHERE id < 3) s WHERE s.id = t.id
SELECT name FROM t WHERE id < 4 ORDER BY id
CREATE VIEW v AS SELECT id, slug(name) AS s, digits(id) AS d FROM t
SELECT * FROM v WHERE d = 3 ORDER BY id
SELECT count(*) FROM v
CREATE TABLE kept AS SELECT id, digits(id) AS d FROM t
SELECT sum(d) FROM kept
SELECT id FROM t WHERE id IN (SELECT digits(id) FROM t) ORDER BY id
SELECT (SELECT max(digits(id)) FROM t), id FROM t WHERE id < 3 ORDER BY id
SELECT digits(id) FROM t UNION SELECT digits(id + 1) FROM t ORDER BY 1
SELECT digits((SELECT max(id) FROM t))
SELECT digits(id) FROM t WHERE false
SELECT count(digits(id)) FROM t WHERE id > 100
BEGIN
DECLARE c CURSOR FOR SELECT digits(id) FROM t ORDER BY id
FETCH 2 FROM c
COMMIT
SELECT digits(x.n::int) FROM (VALUES (12.4), (99)) x(n)
SELECT t.id, u FROM t, upto(t.id) u WHERE t.id < 4 ORDER BY 1, 2
SELECT t.id, b.* FROM t CROSS JOIN LATERAL both_of(t.id) b WHERE id < 3 ORDER BY id
SELECT t.id, u FROM t LEFT JOIN LATERAL upto(t.id - 2) u ON true WHERE id < 5 ORDER BY 1, 2
SELECT t.id, u, o FROM t, upto(t.id) WITH ORDINALITY AS u(u, o) WHERE id IN (2, 3) ORDER BY 1, 2
SELECT s.id, d FROM (SELECT id FROM t WHERE id < 3) s, digits(s.id * 19) d ORDER BY 1
DELETE FROM seen
SELECT t.id, n FROM t, note(t.id) n WHERE t.id < 3 ORDER BY 1
SELECT x FROM seen ORDER BY x
SELECT a.id, b.id, d FROM t a JOIN t b ON b.id = a.id + 1, digits(a.id + b.id) d WHERE a.id < 3 ORDER BY 1
DO $$ DECLARE r record; total int := 0; BEGIN FOR r IN SELECT digits(id) AS d FROM t LOOP total := total + r.d; END LOOP; RAISE NOTICE 'total %', total; END $$
CREATE FUNCTION outer_one(x int) RETURNS int LANGUAGE plpgsql STABLE AS $$ DECLARE s int := 0; r record; BEGIN FOR r IN SELECT digits(id) AS d FROM t WHERE id <= x LOOP s := s + r.d; END LOOP; RETURN s; END $$
SELECT id, outer_one(id) FROM t WHERE id < 4 ORDER BY id
"""]
