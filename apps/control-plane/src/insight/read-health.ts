import type { HealthView } from '@takt/contracts';
import type { Authenticator, Credentials } from '../access/authenticator.js';
import type { Health } from './health.js';

/** What stands for a message that may name addresses, users or tables of the installation. */
const ASK_WITH_TOKEN = 'not shown without a valid token; `takt health` shows it';

/** What anyone may see: how each part is and why in one word. */
export const publicHealth = (view: HealthView): HealthView => ({
  ...view,
  checks: view.checks.map((check) => (check.status === 'ok' ? check : { ...check, message: ASK_WITH_TOKEN })),
});

/** Health for anyone who asks; its messages only for those who may log in. Ends within the deadline of health itself. */
export class ReadHealth {
  constructor(
    private readonly health: Pick<Health, 'execute'>,
    private readonly authenticator: Pick<Authenticator, 'authenticate'>,
    private readonly deadlineMs: number,
  ) {}

  async execute(credentials: Credentials, requestId: string): Promise<HealthView> {
    const [view, isKnown] = await Promise.all([this.health.execute(), this.#isKnown(credentials, requestId)]);
    return isKnown ? view : publicHealth(view);
  }

  /** Every role may read. A token that cannot be checked, as while the database is away, shows as much as none. */
  async #isKnown(credentials: Credentials, requestId: string): Promise<boolean> {
    if (credentials.bearer === undefined && credentials.session === undefined) return false;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => {
        resolve(false);
      }, this.deadlineMs);
    });
    const known = this.authenticator.authenticate(credentials, requestId).then(
      () => true,
      () => false,
    );
    return Promise.race([known, late]).finally(() => {
      clearTimeout(timer);
    });
  }
}
