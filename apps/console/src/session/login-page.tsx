import { Button, PasswordInput, SegmentedControl } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import { useLocation, useSearch } from 'wouter';
import { LanguageMenu, ThemeMenu } from '../app/shell.js';
import { useClient } from '../data/client-context.js';
import { Refusal } from '../parts/refusal.js';
import { useWords } from '../words/words-context.js';
import { pageAfterLogin, takeCode } from './code-in-address.js';
import classes from './login-page.module.css';

type Kind = 'code' | 'token';

const takeFromAddress = (): string | undefined => takeCode(location, (url) => history.replaceState(history.state, '', url));

/** A code is good for one login, so it is taken from the address once, before anything is drawn. */
let codeOfLink = location.pathname.startsWith('/login') ? takeFromAddress() : undefined;

export function LoginPage(): ReactElement {
  const t = useWords();
  const client = useClient();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const search = useSearch();
  const [kind, setKind] = useState<Kind>('code');
  const [secret, setSecret] = useState('');
  const [missing, setMissing] = useState(false);
  const field = useRef<HTMLInputElement>(null);

  const login = useMutation({
    mutationFn: (body: { code: string } | { token: string }) => client.call('createSession', { body }),
    onSuccess: (who) => {
      queries.setQueryData(['me'], who);
      navigate(pageAfterLogin(search), { replace: true });
    },
  });
  const { mutate } = login;

  useEffect(() => {
    document.title = t.login.title;
  }, [t]);
  useEffect(() => {
    const use = (code: string | undefined): void => {
      codeOfLink = undefined;
      if (code !== undefined) mutate({ code });
    };
    use(codeOfLink);
    const onHash = (): void => use(takeFromAddress());
    window.addEventListener('hashchange', onHash);
    return () => window.removeEventListener('hashchange', onHash);
  }, [mutate]);

  const submit = (): void => {
    const value = secret.trim();
    setMissing(value === '');
    if (value === '') field.current?.focus();
    else mutate(kind === 'code' ? { code: value } : { token: value });
  };

  return (
    <main className={classes['page']}>
      <div className={classes['tools']}>
        <LanguageMenu />
        <ThemeMenu />
      </div>
      <form
        className={classes['card']}
        aria-label={t.login.title}
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <img src="/assets/favicon.svg" width={40} height={40} alt="" />
        <h1>{t.login.title}</h1>
        <p className="quiet">{t.login.lead}</p>
        <SegmentedControl
          fullWidth
          value={kind}
          onChange={(value) => setKind(value)}
          data={[
            { value: 'code', label: t.login.withCode },
            { value: 'token', label: t.login.withToken },
          ]}
        />
        <PasswordInput
          ref={field}
          label={kind === 'code' ? t.login.withCode : t.login.withToken}
          description={kind === 'code' ? t.login.codeHelp : t.login.tokenHelp}
          value={secret}
          onChange={(event) => setSecret(event.currentTarget.value)}
          autoComplete="off"
          error={missing ? t.login.empty : undefined}
          data-autofocus
        />
        {login.isError && <Refusal title={t.data.actionFailed} error={login.error} />}
        <Button type="submit" fullWidth loading={login.isPending}>
          {login.isPending ? t.login.working : t.login.submit}
        </Button>
      </form>
    </main>
  );
}
