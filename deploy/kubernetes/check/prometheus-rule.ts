// Writes deploy/prometheus/rules as the PrometheusRule that the operator takes.
// usage: prometheus-rule.js DIRECTORY_OF_RULES > monitoring/prometheus-rule.yaml
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { parse, stringify } from 'yaml';

const directory = process.argv[2];
if (directory === undefined) {
  console.error('usage: prometheus-rule.js DIRECTORY_OF_RULES');
  process.exit(2);
}
const files = readdirSync(directory).filter((one) => one.endsWith('.yml'));
const rule = new PrometheusRule({
  metadata: { name: 'adbms', labels: { 'app.kubernetes.io/name': 'adbms' } },
  spec: { groups: files.flatMap((one) => parse(readFileSync(join(directory, one), 'utf8')).groups) },
});
rule.validate();
console.log('# Made of deploy/prometheus/rules by `npm run prometheus-rule` in deploy/; do not edit.');
process.stdout.write(stringify(rule.toJSON(), { lineWidth: 0 }));
