import type { DurableFs } from '@takt/kernel';
import { TaktError } from '@takt/kernel';
import { z } from 'zod';

const credentialsSchema = z.object({ server: z.string(), token: z.string(), actor: z.string() });
export type Credentials = z.output<typeof credentialsSchema>;

/** What `takt login` stored; undefined before the first login. Throws TaktError `CredentialsInvalid`. */
export async function readCredentials(fs: DurableFs, file: string): Promise<Credentials | undefined> {
  const content = await fs.read(file);
  if (content === undefined) return undefined;
  try {
    return credentialsSchema.parse(JSON.parse(Buffer.from(content).toString('utf8')));
  } catch (thrown) {
    throw new TaktError({
      code: 'CredentialsInvalid',
      message: `${file} does not hold credentials of takt`,
      action: 'remove the file and log in again: takt login --code CODE',
      component: 'cli',
      element: file,
      cause: thrown,
    });
  }
}

/** Replaces the stored credentials; only the owner can read them. */
export async function writeCredentials(fs: DurableFs, file: string, credentials: Credentials): Promise<void> {
  await fs.write(file, `${JSON.stringify(credentials, null, 2)}\n`, 0o600);
}
