// Turns rendered dashboards into TypeScript literals of Grafana's types, for the type checker to judge.
// usage: literals.js DIRECTORY_OF_JSON DIRECTORY_OF_TYPESCRIPT
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const [from, to] = process.argv.slice(2);
if (from === undefined || to === undefined) {
  console.error('usage: literals.js DIRECTORY_OF_JSON DIRECTORY_OF_TYPESCRIPT');
  process.exit(2);
}
mkdirSync(to, { recursive: true });
for (const file of readdirSync(from).filter((one) => one.endsWith('.json'))) {
  const json = readFileSync(join(from, file), 'utf8');
  JSON.parse(json);
  writeFileSync(
    join(to, `${basename(file, '.json')}.ts`),
    `import type { Rendered } from '../../grafana/check/schema';\nexport const rendered: Rendered = ${json.trimEnd()};\n`,
  );
}
