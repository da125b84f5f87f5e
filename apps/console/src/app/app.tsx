import '@mantine/core/styles.css';
import './look.css';
import { MantineProvider } from '@mantine/core';
import { createApiClient } from '@takt/api-client';
import { QueryClientProvider } from '@tanstack/react-query';
import { Suspense, lazy, useEffect, useState } from 'react';
import type { ReactElement } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { ClientContext } from '../data/client-context.js';
import { LiveProvider } from '../live/live-context.js';
import { FleetPage } from '../fleet/fleet-page.js';
import { Loading } from '../parts/loaded.js';
import { To } from '../parts/link.js';
import { Page } from '../parts/page.js';
import { LoginPage } from '../session/login-page.js';
import { SessionGate } from '../session/session-gate.js';
import { SpeechProvider, useWords } from '../words/words-context.js';
import { Crash } from './crash.js';
import { colorSchemeManager } from './color-scheme-manager.js';
import { createQueryClient } from './query-client.js';
import { Shell } from './shell.js';
import { theme } from './theme.js';

const LOADERS = {
  node: () => import('../node/node-page.js'),
  rollouts: () => import('../rollout/rollouts-page.js'),
  rollout: () => import('../rollout/rollout-page.js'),
  start: () => import('../start/start-page.js'),
  models: () => import('../model/models-page.js'),
  model: () => import('../model/model-page.js'),
  events: () => import('../events/events-page.js'),
} as const;
const NodePage = lazy(async () => ({ default: (await LOADERS.node()).NodePage }));
const RolloutsPage = lazy(async () => ({ default: (await LOADERS.rollouts()).RolloutsPage }));
const RolloutPage = lazy(async () => ({ default: (await LOADERS.rollout()).RolloutPage }));
const StartPage = lazy(async () => ({ default: (await LOADERS.start()).StartPage }));
const ModelsPage = lazy(async () => ({ default: (await LOADERS.models()).ModelsPage }));
const ModelPage = lazy(async () => ({ default: (await LOADERS.model()).ModelPage }));
const EventsPage = lazy(async () => ({ default: (await LOADERS.events()).EventsPage }));

/** Once the first page stands, the others are fetched too: they are wanted most when the control plane is away. */
const FETCH_AHEAD_MS = 3_000;
async function fetchAhead(): Promise<void> {
  for (const load of Object.values(LOADERS)) await load().catch(() => undefined);
}

/** The header that page scripts of other origins cannot send; the session itself is a cookie that no script can read. */
const CONSOLE_HEADERS = { 'x-takt-console': '1' };

export function App(): ReactElement {
  const [client] = useState(() => createApiClient({ baseUrl: location.origin, headers: CONSOLE_HEADERS }));
  const [queries] = useState(createQueryClient);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={colorSchemeManager}>
      <SpeechProvider>
        <ClientContext value={client}>
          <QueryClientProvider client={queries}>
            <Crash>
              <Switch>
                <Route path="/login">
                  <LoginPage />
                </Route>
                <Route>
                  <SessionGate>
                    <LiveProvider>
                      <Shell>
                        <Pages />
                      </Shell>
                    </LiveProvider>
                  </SessionGate>
                </Route>
              </Switch>
            </Crash>
          </QueryClientProvider>
        </ClientContext>
      </SpeechProvider>
    </MantineProvider>
  );
}

function Pages(): ReactElement {
  const [place] = useLocation();
  useEffect(() => {
    const timer = setTimeout(() => void fetchAhead(), FETCH_AHEAD_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Crash key={place}>
      <Suspense fallback={<Loading />}>
        <Switch>
          <Route path="/">
            <FleetPage />
          </Route>
          <Route path="/nodes/:ref">{({ ref }) => <NodePage key={ref} nodeRef={decodeURIComponent(ref)} />}</Route>
          <Route path="/rollouts">
            <RolloutsPage />
          </Route>
          <Route path="/rollouts/new">
            <StartPage />
          </Route>
          <Route path="/rollouts/:ref">{({ ref }) => <RolloutPage key={ref} rolloutRef={decodeURIComponent(ref)} />}</Route>
          <Route path="/models">
            <ModelsPage />
          </Route>
          <Route path="/models/:ref">{({ ref }) => <ModelPage key={ref} modelRef={decodeURIComponent(ref)} />}</Route>
          <Route path="/events">
            <EventsPage />
          </Route>
          <Route>
            <NotFound />
          </Route>
        </Switch>
      </Suspense>
    </Crash>
  );
}

function NotFound(): ReactElement {
  const t = useWords();
  return (
    <Page title={t.app.notFound}>
      <To href="/">{t.app.toFleet}</To>
    </Page>
  );
}
