import { createInterface } from 'node:readline/promises';
import { createApiClient } from '@takt/api-client';
import { TaktError } from '@takt/kernel';
import type { Command } from 'commander';
import { withServer } from '../options/common-options.js';
import { writeCredentials } from '../session/credentials.js';
import { serverOf, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';

interface Options extends CommonOptions {
  readonly code?: string;
  readonly name: string;
}

async function askForCode(signal: AbortSignal): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await prompt.question('One-time code: ', { signal })).trim();
  } finally {
    prompt.close();
  }
}

async function codeOf(options: Options, cli: Cli): Promise<string> {
  const code = options.code ?? (process.stdin.isTTY && process.stderr.isTTY ? await askForCode(cli.signal) : '');
  if (code !== '') return code;
  throw new TaktError({
    code: 'LoginCodeMissing',
    message: 'logging in needs the one-time code',
    action: 'give the code that the first start printed: takt login --code CODE',
    component: 'cli',
  });
}

export function registerLogin(program: Command, cli: Cli): void {
  withServer(program.command('login'))
    .description('exchange the one-time code of the first start for a token, and keep it')
    .option('--code <code>', 'the one-time code; asked for when it is left out')
    .option('--name <name>', 'name of the actor that the token speaks for', 'admin')
    .action(async (options: Options) => {
      const server = await serverOf(cli, options);
      const code = await codeOf(options, cli);
      const reply = await createApiClient({ baseUrl: server }).call(
        'login',
        { body: { code, name: options.name } },
        { signal: cli.signal },
      );
      await writeCredentials(cli.fs, cli.config.credentialsFile, { server, token: reply.token, actor: reply.actor });
      const { actor, role, expiresAt } = reply;
      show(cli, options, { server, actor, role, expiresAt, file: cli.config.credentialsFile }, (login) =>
        [`Logged in to ${login.server} as ${login.actor} (${login.role}).`, `The token is in ${login.file}.`].join('\n'),
      );
    });
}
