// The first look: does it serve, how fast, and what has the system done to itself.
import * as units from '@grafana/grafana-foundation-sdk/units';

import { figure, lines, page } from './panels';

export const overview = page('overview', 'ADBMS overview', 'Does it serve, how fast, and what has it changed?', [
  {
    title: 'Now',
    panels: [
      figure(
        { title: 'Processes up', description: 'Processes that Prometheus can scrape.', unit: units.Short },
        { expr: 'sum(up{job="$job"})', legend: 'up' },
      ),
      figure(
        { title: 'Alerts', description: 'Alerts that fire.', unit: units.Short },
        { expr: 'count(ALERTS{alertstate="firing",alertname=~"Adbms.*"}) or vector(0)', legend: 'firing' },
        [{ value: 1, color: 'red' }],
      ),
      figure(
        { title: 'Statements', description: 'Statements a second.', unit: units.OpsPerSecond },
        { expr: 'sum(job_outcome:adbms_statements:rate5m{job="$job"})', legend: 'statements' },
      ),
      figure(
        { title: 'p99', description: '99 % of statements are faster.', unit: units.Seconds },
        { expr: 'job:adbms_statement_duration_seconds:p99_rate5m{job="$job"}', legend: 'p99' },
        [
          { value: 0.25, color: 'orange' },
          { value: 1, color: 'red' },
        ],
      ),
      figure(
        {
          title: 'Faults',
          description: "Statements that failed for the system's own reasons. The objective is 0.1 %.",
          unit: units.PercentUnit,
        },
        { expr: 'job:adbms_statement_faults:ratio_rate5m{job="$job"}', legend: 'faults' },
        [
          { value: 0.001, color: 'orange' },
          { value: 0.0144, color: 'red' },
        ],
      ),
      figure(
        { title: 'Writes stopped', description: '1 while the disk takes no writes.', unit: units.Short },
        { expr: 'max(adbms_storage_writes_stopped{job="$job"})', legend: 'stopped' },
        [{ value: 1, color: 'red' }],
      ),
    ],
  },
  {
    title: 'Work',
    panels: [
      lines({ title: 'Statements', description: 'By outcome.', unit: units.OpsPerSecond }, [
        { expr: 'sum by (outcome) (rate(adbms_statements_total{job="$job"}[$__rate_interval]))', legend: '{{outcome}}' },
      ]),
      lines({ title: 'Time of statements', description: 'From text to last row.', unit: units.Seconds }, [
        { expr: 'job:adbms_statement_duration_seconds:p50_rate5m{job="$job"}', legend: 'p50' },
        { expr: 'job:adbms_statement_duration_seconds:p95_rate5m{job="$job"}', legend: 'p95' },
        { expr: 'job:adbms_statement_duration_seconds:p99_rate5m{job="$job"}', legend: 'p99' },
      ]),
      lines({ title: 'Connections', description: 'Open, and how many may be.', unit: units.Short }, [
        { expr: 'sum(adbms_connections{job="$job"})', legend: 'open' },
        { expr: 'sum(adbms_connections_limit{job="$job"})', legend: 'limit' },
      ]),
    ],
  },
  {
    title: 'Objectives',
    panels: [
      lines(
        {
          title: 'Faults against the budget',
          description: 'How many times faster than the budget of a month allows; alerts fire at 14.4 and at 6.',
          unit: units.Short,
        },
        [
          { expr: 'job:adbms_statement_faults:ratio_rate1h{job="$job"} / 0.001', legend: '1 h' },
          { expr: 'job:adbms_statement_faults:ratio_rate6h{job="$job"} / 0.001', legend: '6 h' },
        ],
      ),
      lines(
        {
          title: 'Slow statements against the budget',
          description: 'Statements that took longer than a second; alerts fire at 14.4 and at 6.',
          unit: units.Short,
        },
        [
          { expr: 'job:adbms_statement_slow:ratio_rate1h{job="$job"} / 0.01', legend: '1 h' },
          { expr: 'job:adbms_statement_slow:ratio_rate6h{job="$job"} / 0.01', legend: '6 h' },
        ],
      ),
    ],
  },
  {
    title: 'What the system did',
    panels: [
      lines({ title: 'Actions by state', description: 'Entries of the ledger.', unit: units.Short }, [
        { expr: 'sum by (state) (adbms_ledger_actions{job="$job"})', legend: '{{state}}' },
      ]),
      lines({ title: 'Actions within the hour', description: 'By module and what became of them.', unit: units.Short }, [
        { expr: 'job_module_state:adbms_actions:increase1h{job="$job"}', legend: '{{module}} {{state}}' },
      ]),
    ],
  },
]);
