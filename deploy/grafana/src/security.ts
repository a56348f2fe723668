// Logins, unusual behaviour, and whether the audit log gets everything.
import * as units from '@grafana/grafana-foundation-sdk/units';

import { figure, lines, page } from './panels';

export const security = page('security', 'ADBMS security', 'Logins, unusual behaviour, audit.', [
  {
    title: 'Now',
    panels: [
      figure(
        { title: 'Events', description: 'Within the range that is shown: see adbms.security_events.', unit: units.Short },
        { expr: 'sum(increase(adbms_security_events_total{job="$job"}[$__range]))', legend: 'events' },
        [{ value: 1, color: 'red' }],
      ),
      figure(
        { title: 'Audit log changed', description: 'Found when security started.', unit: units.Short },
        { expr: 'sum(adbms_security_events_total{job="$job",kind="audit_tampered"})', legend: 'times' },
        [{ value: 1, color: 'red' }],
      ),
      figure(
        { title: 'Audit records waiting', description: "In the gateways' files.", unit: units.Short },
        { expr: 'sum(adbms_audit_spooled_records{job="$job"})', legend: 'records' },
        [{ value: 1, color: 'orange' }],
      ),
      figure(
        { title: 'Audit records lost', description: 'Since the start.', unit: units.Short },
        { expr: 'sum(adbms_audit_dropped_total{job="$job"})', legend: 'records' },
        [{ value: 1, color: 'red' }],
      ),
    ],
  },
  {
    title: 'Who comes in',
    panels: [
      lines({ title: 'Logins', description: 'By outcome.', unit: units.OpsPerSecond }, [
        { expr: 'sum by (outcome) (rate(adbms_logins_total{job="$job"}[$__rate_interval]))', legend: '{{outcome}}' },
      ]),
      lines({ title: 'Time of logins', description: 'p99 of what security is asked at a login.', unit: units.Seconds }, [
        {
          expr: 'job_service_method:adbms_rpc_duration_seconds:p99_rate5m{job="$job",service="security",method=~"GetPolicy|.*Login.*|.*Scram.*"}',
          legend: '{{method}}',
        },
      ]),
      lines({ title: 'Refused', description: 'Errors of class 28: who is not let in.', unit: units.OpsPerSecond }, [
        { expr: 'sum(rate(adbms_errors_total{job="$job",sqlstate_class="28"}[$__rate_interval]))', legend: 'refused' },
      ]),
    ],
  },
  {
    title: 'What they do',
    panels: [
      lines({ title: 'Events', description: 'Within the hour, by kind.', unit: units.Short }, [
        { expr: 'sum by (kind) (increase(adbms_security_events_total{job="$job"}[1h]))', legend: '{{kind}}' },
      ]),
      lines({ title: 'Rows read', description: 'As the detector counts them.', unit: units.OpsPerSecond }, [
        { expr: 'sum(rate(adbms_security_rows_read_total{job="$job"}[$__rate_interval]))', legend: 'rows' },
      ]),
      lines({ title: 'Audit', description: 'Reports of gateways, and what waits or is lost.', unit: units.Short }, [
        {
          expr: 'sum(rate(adbms_rpc_requests_total{job="$job",service="security",method="ReportAudit"}[$__rate_interval]))',
          legend: 'reports a second',
        },
        { expr: 'sum(adbms_audit_spooled_records{job="$job"})', legend: 'records waiting' },
        { expr: 'sum(increase(adbms_audit_dropped_total{job="$job"}[5m]))', legend: 'records lost in 5 min' },
      ]),
    ],
  },
]);
