import type { HealthCheck, HealthView } from '@takt/contracts';
import { oneLine } from '../output/one-line.js';
import type { Style } from '../output/style.js';
import { joinSections } from './sections.js';
import { renderTable } from './table.js';

export function renderControlPlaneHealth({ status, version, checks }: HealthView, style: Style): string {
  const colour = { ok: style.good, degraded: style.warn, failing: style.bad, unknown: style.warn } satisfies Record<
    HealthCheck['status'],
    (text: string) => string
  >;
  return joinSections(
    oneLine(`control plane ${colour[status](status)} · takt ${version}`),
    renderTable<HealthCheck>(
      [
        { heading: 'Part', value: (check) => check.name },
        { heading: 'Status', value: (check) => colour[check.status](check.status) },
        { heading: 'Reason', value: (check) => check.reason },
        { heading: 'Since', value: (check) => check.since },
        { heading: 'Message', value: (check) => check.message },
      ],
      checks,
      style,
    ),
  );
}
