// The processes and the calls between them. In one process calls are direct and not counted.
import * as units from '@grafana/grafana-foundation-sdk/units';

import { lines, page, states } from './panels';

export const services = page('services', 'ADBMS services', 'Processes and the calls between them.', [
  {
    title: 'Processes',
    panels: [
      states(
        { title: 'Up', description: 'Whether Prometheus can scrape it.', unit: units.Short },
        { expr: 'up{job="$job"}', legend: '{{instance}}' },
        [
          { value: 1, text: 'up', color: 'green' },
          { value: 0, text: 'down', color: 'red' },
        ],
      ),
      lines(
        { title: 'Starts', description: 'Counters that began anew within the hour.', unit: units.Short },
        [
          {
            expr:
              'max by (instance, service) (resets({__name__=~"adbms_(storage_wal_syncs|plan_cache_misses|' +
              'security_rows_read|telemetry_windows)_total",job="$job"}[1h]))',
            legend: '{{service}} {{instance}}',
          },
        ],
      ),
      lines({ title: 'Scrapes', description: 'Time that /metrics takes.', unit: units.Seconds }, [
        { expr: 'scrape_duration_seconds{job="$job"}', legend: '{{instance}}' },
      ]),
    ],
  },
  {
    title: 'Calls',
    panels: [
      lines({ title: 'Calls', description: 'By the service that serves them.', unit: units.RequestsPerSecond }, [
        { expr: 'sum by (service) (rate(adbms_rpc_requests_total{job="$job"}[$__rate_interval]))', legend: '{{service}}' },
      ]),
      lines(
        {
          title: 'Failed calls',
          description: "Share; storage's and the gateway's include what users did wrong.",
          unit: units.PercentUnit,
        },
        [{ expr: 'job_service:adbms_rpc_errors:ratio_rate5m{job="$job"}', legend: '{{service}}' }],
      ),
      lines({ title: 'Time in calls', description: 'Seconds a second: how many are under way.', unit: units.Short }, [
        {
          expr: 'sum by (service) (rate(adbms_rpc_duration_seconds_sum{job="$job"}[$__rate_interval]))',
          legend: '{{service}}',
        },
      ]),
    ],
  },
  {
    title: 'Methods',
    panels: [
      lines({ title: 'Busiest', description: 'The ten methods that are called most.', unit: units.RequestsPerSecond }, [
        { expr: 'topk(10, job_service_method:adbms_rpc_requests:rate5m{job="$job"})', legend: '{{service}} {{method}}' },
      ]),
      lines({ title: 'Slowest', description: 'p99 of the ten slowest methods.', unit: units.Seconds }, [
        {
          expr: 'topk(10, job_service_method:adbms_rpc_duration_seconds:p99_rate5m{job="$job"})',
          legend: '{{service}} {{method}}',
        },
      ]),
    ],
  },
]);
