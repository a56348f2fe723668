// What the system does to itself: modules, their changes, what became of them.
import * as units from '@grafana/grafana-foundation-sdk/units';

import { lines, page, states } from './panels';

export const autonomy = page('autonomy', 'ADBMS autonomy', 'Modules, their changes, what became of them.', [
  {
    title: 'Changes',
    panels: [
      lines({ title: 'In the ledger', description: 'Actions by state.', unit: units.Short }, [
        { expr: 'sum by (state) (adbms_ledger_actions{job="$job"})', legend: '{{state}}' },
      ]),
      lines({ title: 'Kept', description: 'Within the hour, by module.', unit: units.Short }, [
        { expr: 'job_module_state:adbms_actions:increase1h{job="$job",state="kept"}', legend: '{{module}}' },
      ]),
      lines(
        { title: 'Taken back or failed', description: 'Within the hour; alerts fire above 3 and 1.', unit: units.Short },
        [
          {
            expr: 'job_module_state:adbms_actions:increase1h{job="$job",state=~"reverted|failed"}',
            legend: '{{module}} {{state}}',
          },
        ],
      ),
    ],
  },
  {
    title: 'Modules',
    panels: [
      states(
        { title: 'Answers', description: 'Whether the orchestrator is answered.', unit: units.Short },
        { expr: 'adbms_module_healthy{job="$job"}', legend: '{{module}}' },
        [
          { value: 1, text: 'answers', color: 'green' },
          { value: 0, text: 'does not answer', color: 'red' },
        ],
      ),
      states(
        {
          title: 'How far it may go',
          description: '`adbms modules set MODULE LEVEL` changes it.',
          unit: units.Short,
        },
        {
          expr:
            'sum by (module) (adbms_module_autonomy{job="$job",autonomy="observe"} ' +
            'or adbms_module_autonomy{job="$job",autonomy="recommend"} * 2 ' +
            'or adbms_module_autonomy{job="$job",autonomy="auto"} * 3)',
          legend: '{{module}}',
        },
        [
          { value: 0, text: 'off', color: 'red' },
          { value: 1, text: 'observe', color: 'orange' },
          { value: 2, text: 'recommend', color: 'orange' },
          { value: 3, text: 'auto', color: 'green' },
        ],
      ),
      lines(
        { title: 'Time of calls', description: 'p99 of what the orchestrator asks modules.', unit: units.Seconds },
        [
          {
            expr: 'job_service_method:adbms_rpc_duration_seconds:p99_rate5m{job="$job",method=~"Observe|Propose|Apply|Revert|Reconcile"}',
            legend: '{{service}} {{method}}',
          },
        ],
      ),
    ],
  },
  {
    title: 'Cycle',
    panels: [
      lines({ title: 'Cycles', description: 'A second.', unit: units.OpsPerSecond }, [
        { expr: 'sum(rate(adbms_cycle_duration_seconds_count{job="$job"}[$__rate_interval]))', legend: 'cycles' },
      ]),
      lines({ title: 'Time of a cycle', description: 'Mean and p95.', unit: units.Seconds }, [
        {
          expr:
            'sum(rate(adbms_cycle_duration_seconds_sum{job="$job"}[$__rate_interval])) / ' +
            '(sum(rate(adbms_cycle_duration_seconds_count{job="$job"}[$__rate_interval])) > 0)',
          legend: 'mean',
        },
        {
          expr: 'histogram_quantile(0.95, sum by (le) (rate(adbms_cycle_duration_seconds_bucket{job="$job"}[5m])))',
          legend: 'p95',
        },
      ]),
      lines({ title: 'Telemetry', description: 'Windows taken in; observations dropped.', unit: units.OpsPerSecond }, [
        { expr: 'sum(rate(adbms_telemetry_windows_total{job="$job"}[$__rate_interval]))', legend: 'windows' },
        { expr: 'sum(rate(adbms_telemetry_dropped_total{job="$job"}[$__rate_interval]))', legend: 'dropped' },
      ]),
    ],
  },
  {
    title: 'Prediction',
    panels: [
      lines(
        { title: 'Restricted', description: 'Plans without prediction, by reason.', unit: units.OpsPerSecond },
        [
          {
            expr: 'sum by (reason) (rate(adbms_planner_restrictions_total{job="$job"}[$__rate_interval]))',
            legend: '{{reason}}',
          },
        ],
      ),
      lines({ title: 'Planning', description: 'p99 of plans and what-if plans.', unit: units.Seconds }, [
        {
          expr: 'job_service_method:adbms_rpc_duration_seconds:p99_rate5m{job="$job",service="optimizer",method=~"Plan|WhatIf"}',
          legend: '{{method}}',
        },
      ]),
    ],
  },
]);
