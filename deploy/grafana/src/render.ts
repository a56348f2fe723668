// Writes every dashboard as JSON into the directory given.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { autonomy } from './autonomy';
import { overview } from './overview';
import { security } from './security';
import { services } from './services';
import { statements } from './statements';
import { storage } from './storage';

const directory = process.argv[2];
if (directory === undefined) {
  console.error('usage: render.js DIRECTORY');
  process.exit(2);
}
for (const [name, one] of Object.entries({ autonomy, overview, security, services, statements, storage })) {
  writeFileSync(join(directory, `${name}.json`), JSON.stringify(one, null, 2) + '\n');
}
