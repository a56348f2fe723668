// Judges rendered manifests twice: every object by the schema of its kind, and as a TypeScript literal of its kind's
// interface, which the type checker refuses when a field is misspelled. An unknown kind is an error.
// usage: literals.js FILE_OF_MANIFESTS DIRECTORY_OF_TYPESCRIPT
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}

type Model = new (data: Manifest) => { validate(): void };

function packageOf(apiVersion: string): string {
  return apiVersion.startsWith('monitoring.coreos.com/') ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models';
}

const [file, directory] = process.argv.slice(2);
if (file === undefined || directory === undefined) {
  console.error('usage: literals.js FILE_OF_MANIFESTS DIRECTORY_OF_TYPESCRIPT');
  process.exit(2);
}
mkdirSync(directory, { recursive: true });
let failed = false;
for (const document of parseAllDocuments(readFileSync(file, 'utf8'), { uniqueKeys: true })) {
  const manifest = document.toJS() as Manifest;
  const { apiVersion, kind, metadata } = manifest;
  const path = `${packageOf(apiVersion)}/${apiVersion}/${kind}`;
  try {
    const model = (require(path) as Record<string, Model>)[kind];
    if (model === undefined) throw new Error(`${path} has no ${kind}`);
    new model(manifest).validate();
  } catch (error) {
    console.error(`${kind} ${metadata.name}: ${error instanceof Error ? error.message : String(error)}`);
    failed = true;
    continue;
  }
  writeFileSync(
    join(directory, `${kind}-${metadata.name}.ts`),
    `import type { I${kind} } from '${path}';\nexport const manifest: I${kind} = ${JSON.stringify(manifest, null, 2)};\n`,
  );
}
process.exit(failed ? 1 : 0);
