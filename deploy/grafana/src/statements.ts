// What clients run, how long it takes, how it is planned and why it fails.
import * as units from '@grafana/grafana-foundation-sdk/units';

import { distribution, lines, page } from './panels';

export const statements = page('statements', 'ADBMS statements', 'Time, plans and errors of statements.', [
  {
    title: 'Time',
    panels: [
      distribution(
        { title: 'Distribution', description: 'Statements by how long they took.', unit: units.Seconds },
        {
          expr: 'sum by (le) (increase(adbms_statement_duration_seconds_bucket{job="$job"}[$__rate_interval]))',
          legend: '{{le}}',
        },
      ),
      lines({ title: 'Quantiles', description: 'From text to last row.', unit: units.Seconds }, [
        { expr: 'job:adbms_statement_duration_seconds:p50_rate5m{job="$job"}', legend: 'p50' },
        { expr: 'job:adbms_statement_duration_seconds:p95_rate5m{job="$job"}', legend: 'p95' },
        { expr: 'job:adbms_statement_duration_seconds:p99_rate5m{job="$job"}', legend: 'p99' },
      ]),
      lines(
        { title: 'Mean', description: 'Time of all statements over their number.', unit: units.Seconds },
        [
          {
            expr:
              'sum(rate(adbms_statement_duration_seconds_sum{job="$job"}[$__rate_interval])) / ' +
              '(sum(rate(adbms_statement_duration_seconds_count{job="$job"}[$__rate_interval])) > 0)',
            legend: 'mean',
          },
        ],
      ),
    ],
  },
  {
    title: 'Work',
    panels: [
      lines({ title: 'Statements', description: 'By outcome.', unit: units.OpsPerSecond }, [
        { expr: 'sum by (outcome) (rate(adbms_statements_total{job="$job"}[$__rate_interval]))', legend: '{{outcome}}' },
      ]),
      lines({ title: 'Rows', description: 'Returned or changed a second.', unit: units.OpsPerSecond }, [
        { expr: 'sum(rate(adbms_statement_rows_total{job="$job"}[$__rate_interval]))', legend: 'rows' },
      ]),
      lines({ title: 'Connections', description: 'Open, by gateway.', unit: units.Short }, [
        { expr: 'adbms_connections{job="$job"}', legend: '{{instance}}' },
      ]),
    ],
  },
  {
    title: 'Plans',
    panels: [
      lines(
        { title: 'Plan cache', description: 'Share of statements that found their plan.', unit: units.PercentUnit },
        [{ expr: 'job:adbms_plan_cache_hits:ratio_rate5m{job="$job"}', legend: 'hits' }],
        { max: 1 },
      ),
      lines({ title: 'Plans in the cache', description: 'By gateway.', unit: units.Short }, [
        { expr: 'adbms_plan_cache_entries{job="$job"}', legend: '{{instance}}' },
      ]),
      lines(
        { title: 'Plans made', description: 'Default plans were made without prediction.', unit: units.OpsPerSecond },
        [
          { expr: 'sum(rate(adbms_plan_cache_misses_total{job="$job"}[$__rate_interval]))', legend: 'all' },
          { expr: 'sum(rate(adbms_default_plans_total{job="$job"}[$__rate_interval]))', legend: 'default' },
        ],
      ),
      lines(
        { title: 'Prediction restricted', description: 'By reason (EXPLAIN says it for one plan).', unit: units.OpsPerSecond },
        [
          {
            expr: 'sum by (reason) (rate(adbms_planner_restrictions_total{job="$job"}[$__rate_interval]))',
            legend: '{{reason}}',
          },
        ],
      ),
    ],
  },
  {
    title: 'Errors',
    panels: [
      lines(
        {
          title: 'Errors by class of SQLSTATE',
          description: "08, 53, 57, 58 and XX are the system's own; the others the statement's.",
          unit: units.OpsPerSecond,
        },
        [
          {
            expr: 'sum by (sqlstate_class) (rate(adbms_errors_total{job="$job"}[$__rate_interval]))',
            legend: '{{sqlstate_class}}',
          },
        ],
      ),
      lines({ title: 'Waiting for each other', description: 'Locks and deadlocks.', unit: units.OpsPerSecond }, [
        { expr: 'sum(rate(adbms_storage_lock_waits_total{job="$job"}[$__rate_interval]))', legend: 'lock waits' },
        { expr: 'sum(rate(adbms_storage_deadlocks_total{job="$job"}[$__rate_interval]))', legend: 'deadlocks' },
      ]),
    ],
  },
]);
