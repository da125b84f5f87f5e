import { Button, TextInput } from '@mantine/core';
import type { JobView, LineView, NodeView, RolloutView, SiteView, SlotView, StatusView } from '@takt/contracts';
import { isTerminal } from '@takt/rollout';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import { useQueries } from '../data/queries.js';
import { useLiveRound, useLiveView } from '../live/live-context.js';
import { Empty } from '../parts/empty.js';
import { Icon } from '../parts/icons.js';
import { To, nodeHref } from '../parts/link.js';
import { Loaded } from '../parts/loaded.js';
import { Mark } from '../parts/mark.js';
import { Page } from '../parts/page.js';
import { Panel } from '../parts/panel.js';
import { useWords } from '../words/words-context.js';
import { filterTree, fleetTree } from './fleet-tree.js';
import type { FleetSite } from './fleet-tree.js';
import { HelpList } from './help-list.js';
import { belowRate, needsHelp } from './needs-help.js';
import type { SlotLive } from './needs-help.js';
import { slotLive } from './slot-live.js';
import { SlotTable, slotRows } from './slot-table.js';
import type { SlotRow } from './slot-table.js';
import { Tiles } from './tiles.js';

const NOTHING: readonly never[] = [];
/** Above this many slots, sites are closed until somebody opens them. */
const MANY_SLOTS = 80;

export function FleetPage(): ReactElement {
  const t = useWords();
  const queries = useQueries();
  const status = useQuery(queries.status());
  const nodes = useQuery(queries.nodes());
  const sites = useQuery(queries.sites());
  const lines = useQuery(queries.lines());
  const rollouts = useQuery(queries.openRollouts());
  const jobs = useQuery(queries.runningJobs());
  return (
    <Page title={t.fleet.title}>
      <Loaded query={status}>
        {(given) => (
          <Loaded query={nodes}>
            {(all) => (
              <Fleet
                status={given}
                nodes={all}
                sites={sites.data ?? NOTHING}
                lines={lines.data ?? NOTHING}
                rollouts={rollouts.data ?? NOTHING}
                jobs={jobs.data ?? NOTHING}
              />
            )}
          </Loaded>
        )}
      </Loaded>
    </Page>
  );
}

interface FleetProps {
  readonly status: StatusView;
  readonly nodes: readonly NodeView[];
  readonly sites: readonly SiteView[];
  readonly lines: readonly LineView[];
  readonly rollouts: readonly RolloutView[];
  readonly jobs: readonly JobView[];
}

function Fleet(props: FleetProps): ReactElement {
  const { status, nodes, sites, lines, jobs } = props;
  const t = useWords();
  const [search, setSearch] = useState('');
  const wanted = useDeferredValue(search);
  const online = useMemo(() => new Set(nodes.filter((node) => node.online).map((node) => node.id as string)), [nodes]);
  const tree = useMemo(
    () => fleetTree({ sites: sites.map(({ name }) => name), lines, nodes, slots: status.slots }),
    [sites, lines, nodes, status.slots],
  );
  const shown = useMemo(() => filterTree(tree, wanted), [tree, wanted]);
  const parts = { online, deployments: status.deployments, jobs };
  return (
    <>
      <Summary {...props} online={online} />
      {nodes.length === 0 ? (
        <Panel title={t.fleet.title}>
          <Empty next={t.fleet.emptyNext}>{t.fleet.empty}</Empty>
        </Panel>
      ) : (
        <TextInput
          aria-label={t.fleet.search}
          placeholder={t.fleet.search}
          leftSection={<Icon name="search" />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          maw={420}
        />
      )}
      {shown.map((site) => (
        <SitePanel
          key={`${site.name}:${String(wanted !== '')}`}
          site={site}
          open={wanted !== '' || status.slots.length <= MANY_SLOTS}
          rowsOf={(slots) => slotRows(slots, parts)}
        />
      ))}
      {shown.length === 0 && nodes.length > 0 && <p className="quiet">{t.fleet.noMatch}</p>}
    </>
  );
}

function SitePanel({
  site,
  open,
  rowsOf,
}: {
  site: FleetSite;
  open: boolean;
  rowsOf: (slots: readonly SlotView[]) => SlotRow[];
}): ReactElement {
  const t = useWords();
  const [expanded, setExpanded] = useState(open);
  const rows = expanded ? rowsOf(site.lines.flatMap((line) => line.slots)) : [];
  return (
    <Panel
      title={site.name}
      note={t.fleet.siteSummary(site.online, site.nodes, site.lines.length)}
      flush
      aside={
        <Button
          variant="subtle"
          size="compact-sm"
          aria-expanded={expanded}
          aria-label={`${site.name}: ${t.fleet.look}`}
          onClick={() => setExpanded(!expanded)}
          px={6}
        >
          <Icon name={expanded ? 'down' : 'right'} />
        </Button>
      }
    >
      {expanded && rows.length > 0 && <SlotTable label={site.name} rows={rows} of="site" />}
      {expanded && site.idleNodes.length > 0 && (
        <p style={{ margin: 0, padding: '8px 16px', fontSize: 13.5, display: 'flex', flexWrap: 'wrap', gap: '4px 12px' }}>
          <span className="quiet">{t.fleet.idleNodes}:</span>
          {site.idleNodes.map((node) => (
            <span key={node.id} style={{ display: 'inline-flex', gap: 6 }}>
              <To href={nodeHref(node.name)}>{node.name}</To>
              {!node.online && <Mark sign={{ tone: 'bad', icon: 'off' }}>{t.node.offline}</Mark>}
            </span>
          ))}
        </p>
      )}
    </Panel>
  );
}

/** Tiles and who needs help: drawn anew with every live message. */
function Summary({ status, nodes, rollouts, online }: FleetProps & { online: ReadonlySet<string> }): ReactElement {
  const t = useWords();
  const live = useLiveRound();
  const view = useLiveView();
  const liveOf = (slot: SlotView): SlotLive => slotLive(slot, live.slot(slot.id), online.has(slot.node.id));
  const items = needsHelp({ nodes, slots: status.slots, deployments: status.deployments, rollouts, liveOf });
  const seen = view.nodes ?? status.nodes;
  const atRate = status.slots.filter((slot) => {
    const now = liveOf(slot);
    return now.online && now.deliveredFps !== null && !belowRate(now.deliveredFps, slot.requiredFps);
  }).length;
  const moving = status.deployments.filter((deployment) => !isTerminal(deployment.state)).length;
  const held = rollouts.filter((rollout) => rollout.phase === 'held' || rollout.phase === 'awaiting-approval').length;
  const worst = items[0]?.severity;
  return (
    <>
      <Tiles
        label={t.fleet.tiles}
        tiles={[
          {
            key: 'nodes',
            label: t.fleet.nodesOnline,
            value: seen.online,
            note: t.fleet.ofTotal(seen.total),
            tone: seen.online < seen.total ? 'bad' : 'ok',
          },
          {
            key: 'rate',
            label: t.fleet.slotsAtRate,
            value: atRate,
            note: t.fleet.ofTotal(status.slots.length),
            tone: atRate < status.slots.length ? 'warn' : 'ok',
          },
          { key: 'moving', label: t.fleet.moving, value: moving, note: t.fleet.ofTotal(status.slots.length), tone: 'idle' },
          {
            key: 'rollouts',
            label: t.fleet.rollouts,
            value: rollouts.length,
            note: held > 0 ? `${String(held)} ${t.phase.held}` : '',
            tone: held > 0 ? 'warn' : 'idle',
          },
          {
            key: 'jobs',
            label: t.fleet.jobs,
            value: status.jobs.running,
            note: t.fleet.jobsRunning(status.jobs.running, status.jobs.queued),
            tone: 'idle',
          },
        ]}
      />
      <Panel
        title={t.fleet.needsHelp}
        {...(worst === 'critical' ? { tone: 'bad' as const } : worst === 'warning' ? { tone: 'warn' as const } : {})}
      >
        <HelpList items={items} />
      </Panel>
    </>
  );
}
