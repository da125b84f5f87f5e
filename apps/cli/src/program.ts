import { Command } from 'commander';
import { registerBench } from './commands/bench.js';
import { registerDatasets } from './commands/datasets.js';
import { registerDeploy } from './commands/deploy.js';
import { registerDeployments } from './commands/deployments.js';
import { registerEvaluate } from './commands/evaluate.js';
import { registerEvents } from './commands/events.js';
import { registerExplain } from './commands/explain.js';
import { registerHardware } from './commands/hardware.js';
import { registerHealth } from './commands/health.js';
import { registerJobs } from './commands/jobs.js';
import { registerJoinToken } from './commands/join-token.js';
import { registerLines } from './commands/lines.js';
import { registerLogin } from './commands/login.js';
import { registerModels } from './commands/models.js';
import { registerNodes } from './commands/nodes.js';
import { registerQuantize } from './commands/quantize.js';
import { registerReleases } from './commands/releases.js';
import { registerRollout } from './commands/rollout.js';
import { registerSites } from './commands/sites.js';
import { registerSlots } from './commands/slots.js';
import { registerStatus } from './commands/status.js';
import type { Cli } from './session/session.js';

type Register = (program: Command, cli: Cli) => void;

/** Commands under the heading they have in `takt --help`, in the order of a first day. */
const GROUPS: readonly (readonly [heading: string, commands: readonly Register[]])[] = [
  ['Begin:', [registerLogin, registerStatus, registerHealth]],
  ['Factory:', [registerSites, registerLines, registerNodes, registerSlots, registerJoinToken]],
  ['Models and data:', [registerModels, registerDatasets]],
  ['Release and deploy:', [registerReleases, registerRollout, registerDeploy, registerDeployments, registerJobs]],
  ['Understand:', [registerExplain, registerEvents]],
  ['On this machine, without a control plane:', [registerHardware, registerQuantize, registerEvaluate, registerBench]],
];

const EXAMPLES = `
Examples:
  takt login --code CODE
  takt model push model.onnx --name strip --version 1
  takt dataset push golden/ --as golden --name strip-golden
  takt releases create strip-1 --model strip@1 --golden strip-golden --calibration strip-calibration
  takt rollout start strip-1 --canary 1 --soak 10m --watch
  takt deploy strip-1 --node node-a --watch
  takt explain deployment latest
  takt quantize --model model.onnx --calibration images/ --data data.yaml --out quantized/

Every command takes --json and --help. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 cancelled.`;

/** How a command is listed: its name, its commands, its arguments. */
function subcommandTerm(command: Command): string {
  const inner = command.commands.map((each) => each.name());
  const isGroup = command.options.length === 0;
  const commands = inner.length < 2 && isGroup ? inner : inner.length === 0 ? [] : isGroup ? [inner.join('|')] : [`[${inner.join('|')}]`];
  const words = command.registeredArguments.map((argument) => `<${argument.name()}${argument.variadic ? '...' : ''}>`);
  return [command.name(), ...commands, ...words].join(' ');
}

/** The whole command line. Errors of usage are thrown as CommanderError; nothing here ends the process. */
export function createProgram(cli: Cli, version: string): Command {
  const { output } = cli;
  const program = new Command('takt')
    .description('Moves vision models to edge boxes and keeps them fast, accurate and alive there.')
    .version(version)
    .helpCommand(false)
    // An option belongs to the command it follows: `model push --version 1` does not ask for takt's own version.
    .enablePositionalOptions()
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureHelp({ subcommandTerm })
    .configureOutput({
      writeOut: (text) => {
        output.line(text.trimEnd());
      },
      writeErr: (text) => {
        output.notes(text.trimEnd());
      },
      outputError: (text, write) => {
        write(
          `${output.noteStyle.bad('✗')} ${text.trim().replace(/^error: /, '')}\ncode: UsageInvalid\n${output.noteStyle.bold('Next:')} see takt --help, or --help of the command`,
        );
      },
    })
    .addHelpText('after', EXAMPLES);
  for (const [heading, commands] of GROUPS) {
    program.commandsGroup(heading);
    for (const register of commands) register(program, cli);
  }
  return program;
}
