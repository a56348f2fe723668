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
DO $$ #variable_conflict use_column
  DECLARE id int := 3; n int; BEGIN SELECT count(*) INTO n FROM t WHERE id = id; RAISE NOTICE '%', n; END $$
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
DO $$ DECLARE r record; BEGIN FOR r IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'part%' ORDER BY 1 LOOP EXECUTE 'DROP TABLE ' || quote_ident(r.tablename); RAISE NOTICE 'dropped %', r.tablename; END LOOP; END $$
DO $$ BEGIN PERFORM set_config('search_path', 'public', false); SET LOCAL work_mem = '8MB'; END $$
DO $$ BEGIN BEGIN; END $$
DO $$ DECLARE c CURSOR (n int) FOR SELECT a FROM other WHERE a >= n ORDER BY a; x int; BEGIN OPEN c(1); LOOP FETCH c INTO x; EXIT WHEN NOT FOUND; RAISE NOTICE '%', x; END LOOP; CLOSE c; FOR r IN c(2) LOOP RAISE NOTICE 'r %', r.a; END LOOP; END $$
DO $$ DECLARE c refcursor; x int; BEGIN OPEN c FOR SELECT g FROM generate_series(1, 5) g; FETCH c INTO x; RAISE NOTICE '%', x; MOVE FORWARD 2 FROM c; FETCH NEXT FROM c INTO x; RAISE NOTICE '%', x; FETCH LAST FROM c INTO x; RAISE NOTICE '%', x; CLOSE c; FETCH c INTO x; END $$
DO $$ DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE 'SELECT $1::int AS v' USING 4; CLOSE c; END $$
CREATE TABLE many (i int)
DO $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO many VALUES (i); COMMIT; END LOOP; INSERT INTO many VALUES (9); ROLLBACK; END $$
SELECT * FROM many ORDER BY i
BEGIN
DO $$ BEGIN COMMIT; END $$
ROLLBACK
DO $$ BEGIN BEGIN COMMIT; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', SQLERRM; END; END $$
"""]
