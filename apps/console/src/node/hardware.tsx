import type { NodeView } from '@takt/contracts';
import type { ReactElement } from 'react';
import { formatMiB } from '../format/numbers.js';
import { Facts } from '../parts/facts.js';
import { Moment } from '../parts/moment.js';
import { useWords } from '../words/words-context.js';

/** The box as it was probed. */
export function Hardware({ node }: { node: NodeView }): ReactElement {
  const t = useWords();
  const { facts, profile } = node;
  if (facts === null) return <p className="quiet">{t.node.facts}</p>;
  const { cpu } = facts;
  return (
    <Facts
      items={[
        [t.node.profileName, <span className="code">{profile?.name ?? t.data.unknown}</span>],
        [t.node.cpu, `${cpu.model} · ${t.node.cores(cpu.physicalCores, cpu.logicalCores)}`],
        [t.node.int8, cpu.int8DotProduct === 'none' ? t.data.none : cpu.int8DotProduct],
        [t.node.memory, formatMiB(facts.memoryMiB)],
        [
          t.node.accelerators,
          facts.accelerators.length === 0
            ? t.data.none
            : facts.accelerators
                .map(
                  (each) =>
                    `${each.model}${each.memoryMiB === null ? '' : `, ${formatMiB(each.memoryMiB)}`} (${each.usable ? t.node.usable : `${t.node.unusable}: ${each.reason ?? ''}`})`,
                )
                .join('; '),
        ],
        [t.node.os, `${facts.os.name} · ${facts.os.kernel} · ${facts.libc.family} ${facts.libc.version ?? ''}`],
        [t.node.disk, `${formatMiB(facts.disk.freeMiB)} / ${formatMiB(facts.disk.totalMiB)}`],
        [
          t.node.engines,
          Object.entries(facts.engines)
            .map(([name, version]) => `${name} ${version}`)
            .join(', ') || t.data.none,
        ],
        [t.node.fingerprint, <span className="code">{node.fingerprint ?? t.data.unknown}</span>],
        [t.node.agent, node.agentVersion ?? t.data.unknown],
        [t.node.memoryUsed, formatMiB(node.rssMiB)],
        [t.node.joined, <Moment at={node.joinedAt} />],
      ]}
    />
  );
}
