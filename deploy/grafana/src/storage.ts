// The engine: what is written and read, memory, disk, and what holds writers up.
import * as units from '@grafana/grafana-foundation-sdk/units';

import { figure, lines, page } from './panels';

function rate(metric: string): string {
  return `sum(rate(adbms_storage_${metric}{job="$job"}[$__rate_interval]))`;
}

function value(metric: string): string {
  return `sum(adbms_storage_${metric}{job="$job"})`;
}

export const storage = page('storage', 'ADBMS storage', 'Work, memory and disk of the engine.', [
  {
    title: 'Disk',
    panels: [
      figure(
        { title: 'Free', description: "Of the data directory's file system.", unit: units.BytesIEC },
        { expr: value('disk_free_bytes'), legend: 'free' },
        [
          { value: 2 * 1024 ** 3, color: 'orange' },
          { value: 10 * 1024 ** 3, color: 'green' },
        ],
        'red',
      ),
      figure(
        { title: 'Data', description: 'Size of all live files.', unit: units.BytesIEC },
        { expr: value('live_file_bytes'), legend: 'data' },
      ),
      figure(
        { title: 'Writes stopped', description: '1 while the disk takes no writes.', unit: units.Short },
        { expr: value('writes_stopped'), legend: 'stopped' },
        [{ value: 1, color: 'red' }],
      ),
      figure(
        { title: 'Times stopped', description: 'Since the start.', unit: units.Short },
        { expr: value('write_stops_total'), legend: 'times' },
        [{ value: 1, color: 'orange' }],
      ),
      figure(
        { title: 'Torn log', description: 'Bytes that the start cut off the end of the log.', unit: units.BytesIEC },
        { expr: value('log_torn_bytes'), legend: 'torn' },
        [{ value: 1, color: 'orange' }],
      ),
    ],
  },
  {
    title: 'Work',
    panels: [
      lines({ title: 'Transactions', description: 'A second.', unit: units.OpsPerSecond }, [
        { expr: rate('commits_total'), legend: 'commits' },
        { expr: rate('rollbacks_total'), legend: 'rollbacks' },
        { expr: rate('wal_syncs_total'), legend: 'syncs of the log' },
      ]),
      lines({ title: 'Rows', description: 'A second.', unit: units.OpsPerSecond }, [
        { expr: rate('rows_read_total'), legend: 'read' },
        { expr: rate('rows_written_total'), legend: 'written' },
      ]),
      lines({ title: 'Bytes', description: 'What users wrote and what came of it.', unit: units.BytesPerSecondIEC }, [
        { expr: rate('written_bytes_total'), legend: 'by users' },
        { expr: rate('wal_bytes_total'), legend: 'log' },
        { expr: rate('compaction_write_bytes_total'), legend: 'compactions write' },
        { expr: rate('compaction_read_bytes_total'), legend: 'compactions read' },
      ]),
      lines(
        { title: 'Write amplification', description: 'Bytes of log and compactions for a byte written.', unit: units.Short },
        [{ expr: 'job:adbms_storage_write_amplification:ratio_rate1h{job="$job"}', legend: 'amplification' }],
      ),
    ],
  },
  {
    title: 'Memory',
    panels: [
      lines({ title: 'Block cache', description: 'The tuner moves its capacity.', unit: units.BytesIEC }, [
        { expr: value('block_cache_used_bytes'), legend: 'used' },
        { expr: value('block_cache_capacity_bytes'), legend: 'capacity' },
      ]),
      lines(
        { title: 'Block cache hits', description: 'Blocks a second.', unit: units.OpsPerSecond },
        [
          { expr: rate('block_cache_hits_total'), legend: 'hits' },
          { expr: rate('block_cache_misses_total'), legend: 'misses' },
        ],
      ),
      lines({ title: 'Memtables', description: 'The tuner moves their limit.', unit: units.BytesIEC }, [
        { expr: value('memtable_used_bytes'), legend: 'used' },
        { expr: value('memtable_capacity_bytes'), legend: 'limit' },
      ]),
      lines({ title: 'Query memory', description: 'Sorts, hashes and results.', unit: units.BytesIEC }, [
        { expr: value('query_memory_used_bytes'), legend: 'used' },
        { expr: value('query_memory_capacity_bytes'), legend: 'limit' },
        { expr: value('resident_bytes'), legend: 'whole process' },
      ]),
    ],
  },
  {
    title: 'What holds up',
    panels: [
      lines(
        { title: 'Writers stalled', description: 'Share of time; the alert fires at 10 %.', unit: units.PercentUnit },
        [{ expr: 'job:adbms_storage_stall:ratio_rate5m{job="$job"}', legend: 'stalled' }],
      ),
      lines({ title: 'Spilled', description: 'What queries wrote to temporary files.', unit: units.BytesPerSecondIEC }, [
        { expr: rate('spilled_bytes_total'), legend: 'spilled' },
      ]),
      lines({ title: 'Waits', description: 'Locks and deadlocks.', unit: units.OpsPerSecond }, [
        { expr: rate('lock_waits_total'), legend: 'lock waits' },
        { expr: rate('deadlocks_total'), legend: 'deadlocks' },
      ]),
      lines(
        { title: 'Deletions', description: 'Scans step over deleted keys until they are cleared away.', unit: units.OpsPerSecond },
        [
          { expr: rate('deleted_keys_skipped_total'), legend: 'keys stepped over' },
          { expr: rate('deletion_flushes_total'), legend: 'flushes for them' },
          { expr: rate('deletion_compactions_total'), legend: 'compactions for them' },
          { expr: rate('flushes_total'), legend: 'all flushes' },
        ],
      ),
    ],
  },
]);
