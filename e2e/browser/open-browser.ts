import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { installChromium } from '@takt/local-stack';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, ConsoleMessage, Page } from 'playwright-core';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export type OpenedBrowser = { readonly browser: Browser } | { readonly missing: string };

/** A headless Chromium with a fresh profile, or why there is none. */
export async function openBrowser(): Promise<OpenedBrowser> {
  const found = await installChromium({ path: process.env['PATH'] ?? '', env: process.env });
  if ('missing' in found) return found;
  return { browser: await chromium.launch({ executablePath: found.path, args: ARGS }) };
}

/** A tab that remembers everything that went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts and of the page's policy, and failed calls that nobody expects. */
  readonly faults: readonly string[];
  /** Keeps a picture where TAKT_SCREENSHOT_DIR is set. */
  picture(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Calls that are refused on purpose: who am I before the login, a wrong code, and a change that does not come from the console. */
const EXPECTED = [
  { status: '401', url: /\/api\/v1\/(?:me|session)$/ },
  { status: '403', url: /\/api\/v1\/sites$/ },
];

const isExpected = (message: ConsoleMessage): boolean =>
  EXPECTED.some(
    ({ status, url }) =>
      message.text().startsWith(`Failed to load resource: the server responded with a status of ${status}`) &&
      url.test(message.location().url),
  );

export async function watchedPage(
  browser: Browser,
  options: { readonly baseUrl: string; readonly locale?: string; readonly width?: number; readonly height?: number },
): Promise<WatchedPage> {
  const context = await browser.newContext({
    baseURL: options.baseUrl,
    locale: options.locale ?? 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !isExpected(message)) faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  // Written as text: it runs in the page.
  await page.addInitScript({
    content: `document.addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI));`,
  });
  const folder = process.env['TAKT_SCREENSHOT_DIR'];
  return {
    page,
    context,
    faults,
    picture: async (name) => {
      if (folder === undefined || folder === '') return;
      await mkdir(folder, { recursive: true });
      await page.screenshot({ path: join(folder, `${name}.png`) });
    },
    close: () => context.close(),
  };
}
