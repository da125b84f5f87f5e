import { MultiSelect, NumberInput, Select, SimpleGrid, Switch, TextInput } from '@mantine/core';
import type { ReleaseView } from '@takt/contracts';
import type { ReactElement } from 'react';
import { Panel } from '../parts/panel.js';
import { useWords } from '../words/words-context.js';
import type { StartForm, WrongField } from './start-form.js';

interface StartFieldsProps {
  readonly form: StartForm;
  readonly onChange: (change: Partial<StartForm>) => void;
  /** Name of the field that is not right yet. */
  readonly wrong: WrongField | undefined;
  readonly releases: readonly ReleaseView[] | undefined;
  readonly sites: readonly string[];
  readonly profiles: readonly string[];
}

const number = (value: number | string, least: number): number => Math.max(least, Number(value) || least);

export function StartFields({ form, onChange, wrong, releases, sites, profiles }: StartFieldsProps): ReactElement {
  const t = useWords();
  const approvals = Object.entries(t.rollout.approval).map(([value, label]) => ({ value, label }));
  const gateActions = Object.entries(t.rollout.gateAction).map(([value, label]) => ({ value, label }));
  return (
    <>
      <Panel title={t.start.what}>
        <SimpleGrid cols={1} spacing="sm">
          <Select
            label={t.start.release}
            description={releases?.length === 0 ? t.start.noReleases : t.start.releaseHelp}
            data={(releases ?? []).map((release) => ({
              value: release.name,
              label: `${release.name} · ${release.model.name}@${release.model.version}`,
            }))}
            value={form.release}
            onChange={(release) => onChange({ release })}
            searchable
            withAsterisk
            error={wrong === 'release' && t.start.releaseHelp}
          />
          <MultiSelect
            label={t.start.sites}
            placeholder={form.sites.length === 0 ? t.start.everywhere : ''}
            data={[...sites]}
            value={[...form.sites]}
            onChange={(chosen) => onChange({ sites: chosen })}
          />
          <MultiSelect
            label={t.start.profiles}
            placeholder={form.profiles.length === 0 ? t.start.everywhere : ''}
            data={[...profiles]}
            value={[...form.profiles]}
            onChange={(chosen) => onChange({ profiles: chosen })}
          />
        </SimpleGrid>
      </Panel>
      <Panel title={t.start.how}>
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm" style={{ alignItems: 'end' }}>
          <NumberInput
            label={t.start.canary}
            min={1}
            value={form.canary}
            onChange={(value) => onChange({ canary: Math.round(number(value, 1)) })}
          />
          <TextInput
            label={t.start.waves}
            description={t.start.wavesHelp}
            value={form.laterWaves}
            onChange={(event) => onChange({ laterWaves: event.currentTarget.value })}
            error={wrong === 'laterWaves' && t.start.wavesInvalid}
          />
          <NumberInput
            label={t.start.soak}
            description={t.start.soakHelp}
            min={1}
            value={form.soakSeconds}
            onChange={(value) => onChange({ soakSeconds: Math.round(number(value, 1)) })}
          />
          <NumberInput
            label={t.start.maxSoak}
            description={t.start.maxSoakHelp}
            min={1}
            value={form.maxSoakSeconds}
            onChange={(value) => onChange({ maxSoakSeconds: Math.round(number(value, 1)) })}
            error={wrong === 'maxSoakSeconds' && t.start.maxSoakInvalid}
          />
          <NumberInput
            label={t.start.concurrent}
            min={1}
            value={form.maxConcurrent}
            onChange={(value) => onChange({ maxConcurrent: Math.round(number(value, 1)) })}
          />
          <Select
            label={t.start.approval}
            data={approvals}
            allowDeselect={false}
            value={form.approval}
            onChange={(value) => onChange({ approval: (value ?? 'none') as StartForm['approval'] })}
          />
        </SimpleGrid>
      </Panel>
      <Panel title={t.start.guard}>
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm" style={{ alignItems: 'end' }}>
          <NumberInput
            label={t.start.p50}
            min={0}
            value={form.p50Percent}
            onChange={(value) => onChange({ p50Percent: number(value, 0) })}
          />
          <NumberInput
            label={t.start.p95}
            min={0}
            value={form.p95Percent}
            onChange={(value) => onChange({ p95Percent: number(value, 0) })}
          />
          <NumberInput
            label={t.start.shortfall}
            min={0}
            max={100}
            value={form.shortfallPercent}
            onChange={(value) => onChange({ shortfallPercent: number(value, 0) })}
          />
          <Select
            label={t.start.onFailed}
            data={gateActions}
            allowDeselect={false}
            value={form.onFailed}
            onChange={(value) => onChange({ onFailed: (value ?? 'rollback') as StartForm['onFailed'] })}
          />
        </SimpleGrid>
        <Switch
          mt="md"
          label={t.start.local}
          checked={form.localRollback}
          onChange={(event) => onChange({ localRollback: event.currentTarget.checked })}
        />
        {!form.localRollback && (
          <TextInput
            mt="xs"
            label={t.start.localReason}
            description={t.rollout.reasonHelp}
            withAsterisk
            maxLength={500}
            value={form.localReason}
            onChange={(event) => onChange({ localReason: event.currentTarget.value })}
            error={wrong === 'localReason' && t.rollout.reasonNeeded}
          />
        )}
      </Panel>
    </>
  );
}
