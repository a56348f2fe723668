#!/usr/bin/env python3
"""pg_dump's round trip: what a database here is dumped as is restored by psql into another one here and into
PostgreSQL 15, and what was dumped of PostgreSQL is restored here.
"""
import os
import subprocess
import unittest

from adbms_process import POSTGRES_BIN, ComparedTest, run

SCHEMA = """
CREATE SCHEMA shop;
CREATE TYPE shop.mood AS ENUM ('sad', 'it''s ok', 'happy');
CREATE DOMAIN shop.positive AS int CHECK (VALUE > 0);
CREATE DOMAIN shop.greeting AS text DEFAULT 'hello';
CREATE DOMAIN shop.loud AS text DEFAULT upper('a');
CREATE TABLE shop.said (id int, what shop.greeting, loud shop.loud);
CREATE TYPE shop.size AS (width int, height numeric(6,2));
CREATE TABLE shop.customer (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name varchar(40) NOT NULL,
  email text UNIQUE,
  feels shop.mood DEFAULT 'happy',
  born date CHECK (born > '1900-01-01'),
  tags text[] DEFAULT '{}',
  doc jsonb,
  created timestamptz DEFAULT '2024-01-01 00:00:00+00'
);
COMMENT ON TABLE shop.customer IS 'who buys; it''s them';
COMMENT ON COLUMN shop.customer.email IS 'where to write';
CREATE TABLE shop.item (
  id serial PRIMARY KEY,
  label text COLLATE "C",
  price numeric(8,2) DEFAULT 1.5 CONSTRAINT item_price CHECK (price >= 0),
  twice numeric GENERATED ALWAYS AS (price * 2) STORED,
  many shop.positive,
  raw bytea,
  key uuid,
  ratio double precision,
  vast numeric DEFAULT -1.5e60 CHECK (vast < 'Infinity'),
  thousands numeric(3,-3) DEFAULT 123456
);
CREATE TABLE shop.bought (
  customer int NOT NULL REFERENCES shop.customer ON DELETE CASCADE,
  item int REFERENCES shop.item (id) DEFERRABLE INITIALLY DEFERRED,
  at timestamp,
  PRIMARY KEY (customer, item)
);
CREATE INDEX item_label ON shop.item (lower(label), price DESC) WHERE price > 1;
CREATE UNIQUE INDEX item_key ON shop.item (key) INCLUDE (label);
CREATE INDEX item_hash ON shop.item USING hash (key);
CREATE INDEX customer_doc ON shop.customer USING gin (doc jsonb_path_ops, tags) WHERE id > 0;
CREATE INDEX customer_words ON shop.customer USING gist (to_tsvector('english', name));
CREATE TABLE shop.log (at date NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE shop.log_2023 PARTITION OF shop.log FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE shop.log_rest PARTITION OF shop.log DEFAULT;
CREATE SEQUENCE shop.numbers START 5 INCREMENT 3 MINVALUE 2 MAXVALUE 1000 CYCLE;
SET search_path = shop;
CREATE FUNCTION discount(price numeric, percent int DEFAULT 10) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT price * (100 - percent) / 100';
CREATE FUNCTION words(v text) RETURNS int LANGUAGE plpgsql STABLE AS $$ DECLARE n int := 0; w text; BEGIN FOREACH w IN ARRAY string_to_array(v, ' ') LOOP n := n + 1; END LOOP; RETURN n; END $$;
CREATE PROCEDURE clear() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM shop.log; END $$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.created := '2024-05-05 00:00:00+00'; RETURN NEW; END $$;
CREATE TRIGGER touched BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION touch();
CREATE VIEW cheap AS SELECT i.id, label, discount(price) AS now FROM item i WHERE price < 10;
CREATE VIEW buyers AS WITH b AS (SELECT customer FROM bought) SELECT c.name, c.feels = 'sad'::mood AS sad FROM customer c JOIN b ON b.customer = c.id;
CREATE MATERIALIZED VIEW totals AS SELECT customer, count(*) AS n FROM bought GROUP BY customer;
CREATE INDEX totals_n ON totals (n);
INSERT INTO customer (name, email, feels, tags, doc) VALUES ('tab\there', 'a@x', 'it''s ok', '{a,"b c"}', '{"a": [1, null]}'), ('back\\\\slash', NULL, NULL, NULL, NULL);
INSERT INTO item (label, price, many, raw, key, ratio) VALUES ('Pen', 2, 3, '\\x00ff', '12345678-1234-5678-1234-567812345678', 0.1), (NULL, 20.5, NULL, NULL, NULL, 'NaN');
INSERT INTO bought VALUES (1, 1, '2024-02-29 12:00:00.5'), (1, 2, NULL);
INSERT INTO log VALUES ('2023-05-05', 'may'), ('2030-01-01', 'later');
SELECT nextval('numbers'), nextval('numbers');
REFRESH MATERIALIZED VIEW totals;
"""

QUESTIONS = [
    "INSERT INTO shop.said (id) VALUES (1) RETURNING *",
    "SELECT c::text FROM shop.customer c ORDER BY id", "SELECT i::text FROM shop.item i ORDER BY id",
    "SELECT * FROM shop.bought ORDER BY 1, 2", "SELECT tableoid::regclass::text, * FROM shop.log ORDER BY at",
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'shop' ORDER BY 1",
    "SELECT id FROM shop.customer WHERE doc @> '{\"a\": [1]}' AND tags @> '{a}'", "SELECT * FROM shop.cheap", "SELECT * FROM shop.buyers ORDER BY 1", "SELECT * FROM shop.totals",
    "SELECT nextval('shop.numbers')", "SELECT shop.words('a b c'), shop.discount(10)",
    "SELECT obj_description('shop.customer'::regclass), col_description('shop.customer'::regclass, 3)",
    "INSERT INTO shop.customer (name) VALUES ('new') RETURNING id, feels, tags, created",
    "INSERT INTO shop.item (price) VALUES (3) RETURNING id, twice",
    "UPDATE shop.customer SET name = 'other' WHERE id = 2 RETURNING created",
    "SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'shop'::regnamespace "
    "AND contype IN ('p', 'u', 'f') ORDER BY conname",
]


def lines(dump):
    """All but those with a random word in them."""
    return [line for line in dump.split("\n") if not line.startswith(("\\restrict", "\\unrestrict"))]


class DumpTest(ComparedTest):
    def program(self, name, where, *arguments, text=None):
        environment = dict(os.environ, **where)
        done = subprocess.run([str(POSTGRES_BIN / name), *arguments], env=environment, input=text,
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), f"{name} {arguments}")
        return done.stdout

    def here(self, database):
        parts = dict(part.split("=", 1) for part in self.cluster.connection_string().split())
        return {"PGHOST": parts["host"], "PGPORT": parts["port"], "PGUSER": parts["user"],
                "PGPASSWORD": parts.get("password", ""), "PGDATABASE": database}

    def there(self, database):
        return {"PGHOST": str(self.postgres.directory), "PGPORT": str(self.postgres.port),
                "PGUSER": "adbms", "PGDATABASE": database}

    def restore(self, dump, where):
        self.program("psql", where, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", os.devnull, text=dump)

    def answers(self, server, database):
        connection = server.connect(dbname=database)
        answers = [run(connection, question) for question in QUESTIONS]
        connection.close()
        return answers

    def test_round_trip(self):
        self.maxDiff = None
        for server in (self.cluster, self.postgres):
            for name in ("source", "copy", "away"):
                run(server.connect(), f"CREATE DATABASE {name}")
        self.program("psql", self.here("source"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", os.devnull,
                     text=SCHEMA)
        dump = self.program("pg_dump", self.here("source"), "--no-owner")
        self.restore(dump, self.here("copy"))
        self.restore(dump, self.there("away"))
        again = self.program("pg_dump", self.here("copy"), "--no-owner")
        self.assertEqual(lines(again), lines(dump))
        self.program("psql", self.there("source"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", os.devnull,
                     text=SCHEMA)
        self.restore(self.program("pg_dump", self.there("source"), "--no-owner"), self.here("away"))
        wanted = self.answers(self.postgres, "source")
        for server, database in ((self.cluster, "source"), (self.cluster, "copy"), (self.cluster, "away"),
                                 (self.postgres, "away")):
            for question, ours, theirs in zip(QUESTIONS, self.answers(server, database), wanted):
                self.assertEqual(ours, theirs, (server, database, question))


if __name__ == "__main__":
    unittest.main()
