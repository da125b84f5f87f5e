import { ActionIcon, Menu, Tooltip, useMantineColorScheme } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { useLiveView } from '../live/live-context.js';
import type { LinkState } from '../live/live-store.js';
import { Icon } from '../parts/icons.js';
import type { IconName } from '../parts/icons.js';
import { useSession } from '../session/session-context.js';
import { LANGUAGES, Language } from '../words/language.js';
import { useSpeech, useWords } from '../words/words-context.js';
import classes from './shell.module.css';

export function Shell({ children }: { children: ReactNode }): ReactElement {
  const t = useWords();
  return (
    <>
      <a className="skip" href="#content">
        {t.app.skip}
      </a>
      <header className={classes['bar']}>
        <div className={classes['inner']}>
          <Link href="/" className={classes['brand'] ?? ''} aria-label="takt">
            <img src="/assets/favicon.svg" width={24} height={24} alt="" />
            <span>{t.app.name}</span>
          </Link>
          <nav className={classes['nav']} aria-label={t.app.menu}>
            <NavLink href="/" also={/^\/(nodes\/.*)?$/}>
              {t.app.fleet}
            </NavLink>
            <NavLink href="/rollouts" also={/^\/rollouts/}>
              {t.app.rollouts}
            </NavLink>
            <NavLink href="/models" also={/^\/models/}>
              {t.app.models}
            </NavLink>
            <NavLink href="/events" also={/^\/events/}>
              {t.app.events}
            </NavLink>
          </nav>
          <div className={classes['tools']}>
            <LiveState />
            <LanguageMenu />
            <ThemeMenu />
            <AccountMenu />
          </div>
        </div>
      </header>
      <main id="content" tabIndex={-1} className={classes['main']}>
        {children}
      </main>
    </>
  );
}

function NavLink({ href, also, children }: { href: string; also: RegExp; children: ReactNode }): ReactElement {
  const [location] = useLocation();
  return (
    <Link href={href} className={classes['link'] ?? ''} {...(also.test(location) ? { 'aria-current': 'page' as const } : {})}>
      {children}
    </Link>
  );
}

const LINK_TONES: Readonly<Record<LinkState, string>> = { connecting: 'idle', live: 'ok', reconnecting: 'warn' };

function LiveState(): ReactElement {
  const t = useWords();
  const { link } = useLiveView();
  return (
    <Tooltip label={t.live.hint[link]} multiline w={260}>
      <span role="status" className={classes['live']} data-tone={LINK_TONES[link]} data-link={link} data-testid="live-state">
        <span className={classes['dot']} aria-hidden="true" />
        {t.live[link]}
      </span>
    </Tooltip>
  );
}

export function LanguageMenu(): ReactElement {
  const { t, language, speak } = useSpeech();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t.app.language}>
          <Icon name="globe" size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.values(Language).map((each) => (
          <Menu.Item
            key={each}
            role="menuitemradio"
            aria-checked={each === language}
            lang={LANGUAGES[each].tag}
            onClick={() => speak(each)}
          >
            {each === language ? '✓ ' : '\u2003'}
            {LANGUAGES[each].name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

const THEMES = ['light', 'dark', 'auto'] as const;
const THEME_ICONS: Readonly<Record<(typeof THEMES)[number], IconName>> = { light: 'sun', dark: 'moon', auto: 'half' };

export function ThemeMenu(): ReactElement {
  const t = useWords();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const names = { light: t.app.themeLight, dark: t.app.themeDark, auto: t.app.themeAuto };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t.app.theme}>
          <Icon name={THEME_ICONS[colorScheme]} size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {THEMES.map((each) => (
          <Menu.Item
            key={each}
            role="menuitemradio"
            aria-checked={each === colorScheme}
            leftSection={<Icon name={THEME_ICONS[each]} />}
            onClick={() => setColorScheme(each)}
          >
            {names[each]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function AccountMenu(): ReactElement {
  const t = useWords();
  const { who, logOut } = useSession();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t.app.account}>
          <Icon name="user" size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {who.actor} · {t.app.role[who.role]} · {who.sites === null ? t.app.allSites : who.sites.join(', ')}
        </Menu.Label>
        <Menu.Item onClick={() => void logOut()}>{t.app.logout}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
