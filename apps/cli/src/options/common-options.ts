import type { Command } from 'commander';

/** `--json`: on every command, so that each can be read by a program. */
export const withJson = (command: Command): Command => command.option('--json', 'print only JSON');

/** Options of a command that talks to the control plane. */
export const withServer = (command: Command): Command =>
  withJson(command).option('--server <url>', 'control plane to talk to (default: TAKT_SERVER, then the one logged in to)');
