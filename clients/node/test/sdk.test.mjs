import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";
import { AdbmsError, Client, DataError, IntegrityError, Interval, Json, Pool, ProgrammingError, QueryCanceled } from "adbms";
import { address, client, password, withSession } from "../scripts/server.mjs";

async function fresh(session, columns = "id int PRIMARY KEY, name text, n int DEFAULT 7") {
  await session.query("DROP TABLE IF EXISTS node_t");
  await session.query(`CREATE TABLE node_t (${columns})`);
}

test("rows, columns and counts", () => withSession(async (session) => {
  const result = await session.query("SELECT $1::int AS n, 'x'::varchar(5) AS t", [42]);
  assert.deepEqual(result.rows, [{ n: 42, t: "x" }]);
  assert.deepEqual(result.columns.map((one) => [one.name, one.typeName]), [["n", "integer"], ["t", "character varying(5)"]]);
  assert.equal(result.command, "SELECT 1");
  const all = await session.queryAll("SELECT 1 AS a; SELECT 2 AS b WHERE false; CREATE TEMP TABLE x ()");
  assert.deepEqual(all.map((one) => [one.command, one.rowCount]), [["SELECT 1", 1], ["SELECT 0", 0], ["CREATE TABLE", null]]);
  assert.match(session.settings.server_version, /^\d/);
}));

test("values come back as they went", () => withSession(async (session) => {
  const cases = [
    ["int2", 5], ["int4", -1], ["int8", -(2n ** 63n)], ["float4", 1.5], ["float8", 0.1], ["numeric", "1.10"],
    ["bool", false], ["text", "grün"], ["bytea", Buffer.from([0, 255])], ["date", "1999-12-31"], ["date", "infinity"],
    ["time", "23:59:59.000001"], ["timestamp", "2024-02-29T12:30:01.000005"], ["timestamptz", new Date(1700000000123)],
    ["interval", new Interval(14, -3, 5n)], ["uuid", "00112233-4455-6677-8899-aabbccddeeff"],
    ["jsonb", { a: [1, null, "x"] }], ["int4[]", [[1, 2], [3, null]]], ["text[]", ['a"b\\', "NULL", null, "", "{}"]],
    ["float8[]", [1.5, null]], ["int8[]", [1n, 2n]], ["oid", 5], ["inet", "10.0.0.1"],
  ];
  for (const [type, value] of cases) {
    const { rows } = await session.query(`SELECT $1::${type} AS v, NULL::${type} AS n`, [value]);
    assert.deepEqual(rows, [{ v: value, n: null }], type);
    await session.query("DROP TABLE IF EXISTS node_v");
    await session.query(`CREATE TABLE node_v (v ${type})`);
    await session.batch("INSERT INTO node_v VALUES ($1)", [[value], [null]]);
    await session.bulkInsert("node_v", [[value], [null]]);
    const back = await session.query("SELECT v FROM node_v");
    assert.deepEqual(back.rows.map((row) => row.v), [value, null, value, null], type);
  }
  const json = await session.query("SELECT $1::jsonb AS v", [new Json([1, "x"])]);
  assert.deepEqual(json.rows[0].v, [1, "x"]);
}));

test("timestamps keep their microseconds on request", () => withSession(async (session) => {
  const { rows } = await session.query("SELECT '2024-01-01 00:00:00.123456+00'::timestamptz AS v, '1969-07-20 20:17:40.5+00'::timestamptz AS w");
  assert.deepEqual(rows, [{ v: "2024-01-01T00:00:00.123456Z", w: "1969-07-20T20:17:40.500000Z" }]);
}, { timestamps: "string" }));

test("prepared statements", () => withSession(async (session) => {
  await fresh(session);
  const insert = await session.prepare("INSERT INTO node_t VALUES ($1, $2)");
  assert.equal(insert.columns, null);
  assert.equal((await insert.query([1, "one"])).rowCount, 1);
  assert.deepEqual(await session.batch(insert, [[2, "two"], [3, null]]), [1, 1]);
  const select = await session.prepare("SELECT name, n FROM node_t WHERE id = $1");
  assert.deepEqual(select.parameters, [{ typeOid: 23, typeName: "integer" }]);
  assert.deepEqual(select.columns.map((one) => one.name), ["name", "n"]);
  assert.deepEqual((await select.query([2])).rows, [{ name: "two", n: 7 }]);
  await select.close();
  await assert.rejects(select.query([2]), { sqlstate: "26000" });
}));

test("streams and cursors", () => withSession(async (session) => {
  let sum = 0;
  for await (const row of session.stream("SELECT g FROM generate_series(1, $1) g", [100000])) sum += row.g;
  assert.equal(sum, 5000050000);
  for await (const row of session.stream("SELECT g FROM generate_series(1, 1000000000) g")) {
    if (row.g === 3) {
      await assert.rejects(session.query("SELECT 1"), { sqlstate: "55000" });
      break;
    }
  }
  assert.deepEqual((await session.query("SELECT 42 AS n")).rows, [{ n: 42 }]);
  await session.transaction(async () => {
    const seen = [];
    for await (const row of session.cursor("SELECT g FROM generate_series(1, 10) g", [], { fetchSize: 3 })) {
      seen.push(row.g);
      if (row.g === 4) assert.deepEqual((await session.query("SELECT 1 AS one")).rows, [{ one: 1 }]);
    }
    assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for await (const row of session.cursor("SELECT g FROM generate_series(1, 10) g", [], { fetchSize: 3 })) {
      if (row.g === 2) break;
    }
  });
  await assert.rejects(async () => {
    for await (const row of session.cursor("SELECT 1")) assert.fail(row);
  }, { sqlstate: "25P01" });
}));

test("bulk insert", () => withSession(async (session) => {
  await fresh(session);
  async function* rows() {
    for (let number = 0; number < 10000; number += 1) yield [number, number % 7 === 0 ? null : `näme\t\\${number}\n`];
  }
  assert.equal(await session.bulkInsert("node_t", rows(), { columns: ["id", "name"] }), 10000);
  assert.deepEqual((await session.query("SELECT count(*) AS c, count(name) AS d, sum(n) AS s FROM node_t")).rows,
                   [{ c: 10000n, d: 8571n, s: 70000n }]);
  await assert.rejects(session.bulkInsert("node_t", [[20000, "x", 1], [5, "y", 1]]), (error) =>
    error instanceof IntegrityError && error.constraint === "node_t_pkey" && error.table === "node_t");
  async function* broken() {
    for (let number = 30000; number < 50000; number += 1) yield [number, "x", 1];
    throw new RangeError("the source is broken");
  }
  await assert.rejects(session.bulkInsert("node_t", broken()), RangeError);
  await assert.rejects(session.bulkInsert("node_t", [[1]]), { sqlstate: "08P01" });
  await assert.rejects(session.bulkInsert("no such table", [[1]]), ProgrammingError);
  assert.equal((await session.query("SELECT count(*) AS c FROM node_t")).rows[0].c, 10000n);
}));

test("transactions", () => withSession(async (session) => {
  await fresh(session);
  await assert.rejects(session.transaction(async () => {
    await session.query("INSERT INTO node_t VALUES (1)");
    throw new RangeError("no");
  }), RangeError);
  assert.equal((await session.query("SELECT count(*) AS c FROM node_t")).rows[0].c, 0n);
  await assert.rejects(session.transaction(() => session.query("INSERT INTO node_t VALUES (1)"), { readOnly: true }), { sqlstate: "25006" });
  await session.transaction(async () => {
    assert.deepEqual((await session.query("SHOW transaction_isolation")).rows, [{ transaction_isolation: "serializable" }]);
  }, { isolation: "serializable" });
  await session.begin();
  await assert.rejects(session.begin(), { sqlstate: "25001" });
  await session.rollback();
  await session.query("INSERT INTO node_t VALUES (1, 'counter', 0)");
  await Promise.all(Array.from({ length: 4 }, () => withSession(async (other) => {
    for (let number = 0; number < 5; number += 1) {
      await other.transaction(async () => {
        const { rows } = await other.query("SELECT n FROM node_t WHERE id = 1");
        await other.query("UPDATE node_t SET n = $1 WHERE id = 1", [rows[0].n + 1]);
      }, { isolation: "serializable", attempts: 100 });
    }
  })));
  assert.equal((await session.query("SELECT n FROM node_t")).rows[0].n, 20);
}));

test("settings, time and cancellation", () => withSession(async (session) => {
  const { rows } = await session.query("SELECT current_setting('search_path') AS p", [], { settings: { search_path: "pg_catalog" } });
  assert.deepEqual(rows, [{ p: "pg_catalog" }]);
  await assert.rejects(session.query("SELECT pg_sleep(60)", [], { timeoutMs: 100 }), QueryCanceled);
  await assert.rejects(session.query("SELECT pg_sleep(60)", [], { signal: AbortSignal.timeout(100) }), QueryCanceled);
  let over = false;
  const sleeping = assert.rejects(session.query("SELECT pg_sleep(60)"), { sqlstate: "57014" }).finally(() => { over = true; });
  while (!over) {
    await session.cancel();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await sleeping;
  assert.equal(await session.cancel(), false);
  assert.deepEqual((await session.query("SELECT 1 AS n")).rows, [{ n: 1 }]);
}));

test("errors, notices, tracing", async () => {
  const notices = [];
  const events = [];
  await withSession(async (session) => {
    await assert.rejects(session.query("SELEC 1"), { sqlstate: "42601", position: 1 });
    await assert.rejects(session.query("SELECT 1/0"), DataError);
    await assert.rejects(session.query("SELECT $1::int", [Buffer.from("x")]), { sqlstate: "42846" });
    await session.query("DO $$ BEGIN RAISE WARNING 'so %', 1; END $$");
    assert.deepEqual(notices, [{ severity: "WARNING", message: "so 1", sqlstate: "01000" }]);
    assert.ok(events.some((event) => event.ended && event.sql === "SELECT 1/0" && event.error instanceof AdbmsError));
  }, { onNotice: (notice) => notices.push(notice) }, { trace: (event) => events.push(event), metadata: () => ({ traceparent: "00-1-2-01" }) });
  await assert.rejects(client({ password: "wrong" }).connect(), { sqlstate: "28P01" });
  await assert.rejects(client().connect({ database: "nowhere" }), { sqlstate: "3D000" });
});

test("a pool", async () => {
  const made = client({ channels: 2 });
  const pool = new Pool(made, 3);
  const results = await Promise.all(Array.from({ length: 20 }, (_, number) =>
    pool.use(async (session) => (await session.query("SELECT $1::int AS n", [number])).rows[0].n)));
  assert.deepEqual(results, Array.from({ length: 20 }, (_, number) => number));
  await pool.close();
  await assert.rejects(pool.use(async () => {}), { sqlstate: "08003" });
  made.close();
});

test("a lost answer does not run a statement twice", async () => {
  let lose = false;
  const sockets = new Set();
  const [host, port] = address.split(":");
  const proxy = net.createServer((near) => {
    const far = net.connect(Number(port), host);
    sockets.add(near);
    near.on("data", (data) => far.write(data));
    far.on("data", (data) => {
      if (lose) {
        lose = false;
        near.destroy();
        far.destroy();
      } else {
        near.write(data);
      }
    });
    for (const one of [near, far]) {
      one.on("error", () => {});
      one.on("close", () => { near.destroy(); far.destroy(); });
    }
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const made = new Client({ address: `127.0.0.1:${proxy.address().port}`, user: "adbms", password });
  const session = await made.connect({ idempotent: true });
  await fresh(session, "n int");
  for (let number = 1; number <= 5; number += 1) {
    lose = true;
    const { rows } = await session.query("INSERT INTO node_t VALUES ($1) RETURNING n", [number]);
    assert.deepEqual(rows, [{ n: number }]);
  }
  lose = true;
  await session.batch("INSERT INTO node_t VALUES ($1)", [[6], [7]]);
  lose = true;
  await session.bulkInsert("node_t", [[8], [9]]);
  await session.begin();
  await session.query("INSERT INTO node_t VALUES (10)");
  lose = true;
  await session.commit();
  assert.deepEqual((await session.query("SELECT count(*) AS c, count(DISTINCT n) AS d FROM node_t")).rows, [{ c: 10n, d: 10n }]);
  await session.close();
  made.close();
  proxy.close();
  for (const socket of sockets) socket.destroy();
});
