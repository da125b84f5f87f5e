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

  /** Identity of this database; made with its first migration and never changed. */
  async epoch(): Promise<string> {
    return String(await this.get('epoch'));
  }
}
