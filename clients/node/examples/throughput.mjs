// Point reads a second by 8 sessions, and rows a second of a stream of a million.
//
//     node throughput.mjs ADDRESS USER PASSWORD SECONDS    (wants the table that tests/bench/sdk_bench.py makes)
import { Client } from "adbms";

const [address, user, password, seconds] = process.argv.slice(2);
const client = new Client({ address, user, password, channels: 2 });
const end = performance.now() + 1000 * Number(seconds);
let reads = 0;
await Promise.all(Array.from({ length: 8 }, () => client.session(async (session) => {
  const statement = await session.prepare("SELECT name FROM sdk_bench WHERE id = $1");
  while (performance.now() < end) {
    await statement.query([1 + Math.floor(Math.random() * 1_000_000)]);
    reads += 1;
  }
})));
let rows = 0;
const start = performance.now();
await client.session(async (session) => {
  for await (const row of session.stream("SELECT id, name, n, price FROM sdk_bench")) rows += row.id > 0 ? 1 : 0;
});
console.log(JSON.stringify({ reads: reads / Number(seconds), rows: rows / ((performance.now() - start) / 1000) }));
client.close();
