import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
ALTER TABLE api_tokens ADD COLUMN kind text NOT NULL DEFAULT 'api' CHECK (kind IN ('api', 'session')),
  ADD COLUMN made_from uuid REFERENCES api_tokens;
CREATE INDEX api_tokens_made_from ON api_tokens (made_from) WHERE made_from IS NOT NULL;
ALTER TABLE login_codes ADD COLUMN purpose text NOT NULL DEFAULT 'token';
CREATE INDEX jobs_builds ON jobs (model_digest, updated_at DESC) WHERE kind = 'build' AND state = 'succeeded';
`;

/** Sessions of the console beside API tokens, and the look-up of finished builds by model. */
export class Sessions1790000000003 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(UP);
  }

  async down(): Promise<void> {
    await Promise.reject(new Error('sessions have no way back: restore the database from before'));
  }
}
