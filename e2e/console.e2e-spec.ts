import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, watchedPage } from './browser/open-browser.js';
import type { WatchedPage } from './browser/open-browser.js';
import { eventually, root } from './fleet/host-stack.js';
import { TwoNodeFleet } from './rollout/two-node-fleet.js';

/** What a browser does takes a moment; what a fleet does takes longer. */
const SOON_MS = 15_000;

const opened = await openBrowser();
const why = 'missing' in opened ? ` (${opened.missing})` : '';

describe.skipIf('missing' in opened)(`the console in a browser${why}`, () => {
  let fleet: TwoNodeFleet;
  let tab: WatchedPage;

  beforeAll(async () => {
    if ('missing' in opened) return;
    if (!existsSync(join(root, 'apps', 'console', 'dist', 'index.html')))
      throw new Error('the console is not built: npm start and npm test build it');
    fleet = await TwoNodeFleet.start();
    tab = await watchedPage(opened.browser, { baseUrl: fleet.stack.serverUrl });
  }, 180_000);

  afterAll(async () => {
    if ('browser' in opened) await opened.browser.close();
    await fleet?.stack.stop();
  });

  /** Waits until the text of something holds. */
  const reads = (what: string, place: Locator, holds: (text: string) => boolean, deadlineMs = SOON_MS): Promise<string> =>
    eventually(
      what,
      async () => {
        const text = await place.innerText({ timeout: 1_000 });
        return holds(text) ? text : undefined;
      },
      deadlineMs,
    );
  const row = (table: string, node: string): Locator =>
    tab.page.getByRole('table', { name: table }).getByRole('row').filter({ hasText: node });
  const menuItem = (name: string): Locator => tab.page.locator('[role^=menuitem]').filter({ hasText: name });

  it('refuses a wrong code in words, with the next thing to do', async () => {
    const { page } = tab;
    await page.goto('/');
    await page.waitForURL(/\/login/);
    await page.getByLabel('One-time code').last().fill('WRONG-WRONG-WRONG-WRONG');
    await page.getByRole('button', { name: 'Log in' }).click();
    const alert = page.getByRole('alert');
    expect(await alert.innerText()).toContain('LoginCodeInvalid');
    expect(await alert.innerText()).toContain('the one-time code is wrong, used or expired');
    expect(await alert.innerText()).toContain('takt-control-plane login-code');
    await tab.picture('login-refused');
  });

  it('logs in by the address that a start prints, and leaves no code behind', async () => {
    const { page, context } = tab;
    const code = await fleet.stack.controlPlane('login-code', '--console');
    await page.goto('about:blank');
    await page.goto(`/login#code=${code}`);
    await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();
    expect(page.url()).toBe(`${fleet.stack.serverUrl}/`);
    const [cookie, ...others] = await context.cookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ name: 'takt_session', httpOnly: true, sameSite: 'Strict', path: '/' });
    // No script reads it: not even one of the console's own.
    expect(await page.evaluate('document.cookie')).toBe('');
    await page.goBack().catch(() => null);
    await page.goto(`/login#code=${code}`);
    expect(await page.getByRole('alert').innerText()).toContain('LoginCodeInvalid');
    await page.goto('/');
  });

  it('shows every line with FPS that live on', async () => {
    const { page } = tab;
    await reads('the live stream', page.getByTestId('live-state'), (text) => text.includes('Live'));
    const { items: slots } = await fleet.stack.api.call('listSlots');
    expect(slots).toHaveLength(2);
    for (const slot of slots) {
      const shown = row(slot.site, slot.node.name);
      const text = await shown.innerText();
      for (const part of [slot.line.name, `of ${slot.requiredFps.toFixed(1)} required`, 'baseline']) expect(text).toContain(part);
      const cells = shown.getByRole('cell');
      await reads(`${slot.line.name} delivering`, cells.nth(2), (fps) => Number.parseFloat(fps) > 0);
      // On a quiet machine the rate stands still; the service times never do.
      const figures = async (): Promise<string> => `${await cells.nth(2).innerText()} ${await cells.nth(3).innerText()}`;
      const first = await figures();
      await eventually(`figures of ${slot.line.name} living on`, async () => ((await figures()) === first ? undefined : true), SOON_MS);
    }
    await tab.picture('fleet');
  });

  it('follows a rollout as it happens: what is being done, and the release that then serves', async () => {
    const { page } = tab;
    await fleet.createRelease('better', false);
    const { name, members } = await fleet.startRollout('better', false);
    const canary = members.find((member) => member.wave === 0);
    expect(canary).toBeDefined();
    const shown = row(canary?.site ?? '', `${canary?.site ?? ''}-box`);
    await reads('the move in the row of the canary', shown, (text) => text.includes(name) && text.includes('better'), 30_000);
    await tab.picture('fleet-moving');
    await reads('the new release serving', shown.getByRole('cell').nth(5), (text) => text === 'better', 60_000);
    await page.getByRole('link', { name: 'Events' }).click();
    await reads('the start among the events', page.locator('#content'), (text) => text.includes(name));
    await tab.picture('events');
    await fleet.stack.api.call('abortRollout', { params: { ref: name }, body: { reason: 'seen enough' } });
    await page.getByRole('link', { name: 'Fleet' }).click();
  });

  it('takes a rollout through its gate by hand: approved, paused, resumed and rolled back with reasons', async () => {
    const { page } = tab;
    await fleet.createRelease('journey', false);
    const { name } = await fleet.startRollout('journey', false, { approval: 'after-canary' });
    await page.getByRole('link', { name: 'Rollouts' }).click();
    await page.getByRole('link', { name }).first().click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
    const phase = page.getByTestId('rollout-phase');
    let measuredAgain = 0;
    const isIn = (wanted: string, deadlineMs: number): Promise<boolean> =>
      eventually(
        `${name} being ${wanted}`,
        async () => {
          if ((await phase.getAttribute('data-phase')) === wanted) return true;
          const { hold } = await fleet.rollout(name);
          // On a busy host a gate may find that it cannot tell; it is measured again then, as an operator would.
          if (hold?.code === 'GateInconclusive' && (measuredAgain += 1) <= 2)
            await fleet.stack.api.call('resumeRollout', { params: { ref: name }, body: { reason: 'a busy host' } });
          // What it waits for is the cause that is shown when it waits in vain.
          const { reason, summary } = await fleet.stack.api.call('explainRollout', { params: { ref: name } });
          throw new Error(`${reason}: ${summary}`);
        },
        deadlineMs,
        250,
      );
    /** Opens the dialog of an action, says why, and confirms. */
    const act = async (action: string, reason: string): Promise<void> => {
      await page.getByRole('group').getByRole('button', { name: action, exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('textbox').fill(reason);
      await tab.picture(`rollout-${action.toLowerCase().replace(' ', '-')}`);
      await dialog.getByRole('button', { name: action, exact: true }).click();
      await dialog.waitFor({ state: 'hidden' });
    };
    await isIn('awaiting-approval', 200_000);
    const content = page.locator('#content');
    await reads('what it waits for', content, (text) => text.includes('ApprovalNeeded'));
    await reads('the numbers of the gate', content, (text) => text.includes('service-time p50 changed by'));
    await tab.picture('rollout-gate');
    await act('Approve', 'the canary looks good');
    await isIn('running', SOON_MS);
    await act('Pause', 'shift change');
    await isIn('paused', SOON_MS);
    await act('Resume', 'go on');
    await isIn('running', SOON_MS);
    await act('Roll back', 'seen enough');
    await isIn('rolled-back', 60_000);
    const { items } = await fleet.stack.api.call('listEvents', { query: { limit: 200 } });
    const reasons = items.filter((event) => event.object.name === name).map((event) => event.data['reason']);
    expect(reasons).toEqual(expect.arrayContaining(['the canary looks good', 'shift change', 'go on', 'seen enough']));
    await tab.picture('rollout-rolled-back');
  });

  it('shows a node with its candidates and its figures over time', async () => {
    const { page } = tab;
    await page.getByRole('link', { name: 'north-box' }).first().click();
    await page.getByRole('heading', { name: 'north-box', level: 1 }).waitFor();
    const candidates = page.getByRole('table', { name: 'Candidates of the newest build' });
    expect(await candidates.getByRole('row').nth(1).innerText()).toMatch(/chosen\s+FP32/i);
    for (const name of ['Delivered FPS over time', 'Service time over time, milliseconds']) {
      const curve = page.getByRole('figure', { name }).locator('path.recharts-curve').first();
      const points = async (): Promise<number> => ((await curve.getAttribute('d')) ?? '').split(/[LC]/).length;
      await eventually(`${name} growing`, async () => ((await points()) > 3 ? true : undefined), 30_000);
    }
    await tab.picture('node');
  });

  it('shows what was measured of the model', async () => {
    const { page } = tab;
    await page.getByRole('link', { name: 'Models' }).click();
    await page.getByRole('link', { name: 'detector@small' }).first().click();
    await reads('the figures of the model', page.locator('#content'), (text) => /FP32/i.test(text) && text.includes('mAP@0.5:0.95'));
    await tab.picture('model');
  });

  it('speaks Chinese when asked, and remembers it', async () => {
    const { page } = tab;
    await page.goto('/');
    await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Language' }).click();
    await menuItem('简体中文').click();
    const title = page.getByRole('heading', { level: 1 });
    const chinese = await reads('the heading in Chinese', title, (text) => /[\u4e00-\u9fff]/.test(text));
    expect(await page.locator('html').getAttribute('lang')).toMatch(/^zh/);
    await page.reload();
    await reads('the same heading after a reload', title, (text) => text === chinese);
    await tab.picture('fleet-chinese');
    await page.getByRole('button', { name: /语言/ }).click();
    await menuItem('English').click();
    await reads('the heading in English', title, (text) => text === 'Fleet');
  });

  it('changes nothing for a page that is not its own, though the browser is logged in', async () => {
    const status = await tab.page.evaluate(
      `fetch('/api/v1/sites', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"stolen"}' }).then((reply) => reply.status)`,
    );
    expect(status).toBe(403);
    const { items } = await fleet.stack.api.call('listSites');
    expect(items.map(({ name }) => name)).not.toContain('stolen');
  });

  it('ends the session on log-out', async () => {
    const { page, context } = tab;
    await page.getByRole('button', { name: 'Account' }).click();
    await menuItem('Log out').click();
    await page.waitForURL(/\/login/);
    expect(await context.cookies()).toEqual([]);
  });

  it('had no error of its own, and broke no policy', () => {
    expect(tab.faults).toEqual([]);
  });
});
