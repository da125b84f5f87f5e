import type { EntityManager } from 'typeorm';

/** Facts about this database as a whole, by name. */
export class SettingStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  async get(key: string): Promise<unknown> {
    const [row]: { value: unknown }[] = await this.#manager.query('SELECT value FROM settings WHERE key = $1', [key]);
    return row?.value;
  }

  async set(key: string, value: unknown): Promise<void> {
    await this.#manager.query('INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value', [
      key,
      JSON.stringify(value),
    ]);
  }

  /** Raises a number inside a setting that is an object; a larger one, or no setting, stays as it is. */
  async raise(key: string, field: string, to: number): Promise<void> {
    await this.#manager.query(
      'UPDATE settings SET value = jsonb_set(value, ARRAY[$2::text], to_jsonb($3::bigint)) WHERE key = $1 AND (value ->> $2::text)::bigint < $3',
      [key, field, to],
    );
  }

  /** Identity of this database; made with its first migration and never changed. */
  async epoch(): Promise<string> {
    return String(await this.get('epoch'));
  }
}
