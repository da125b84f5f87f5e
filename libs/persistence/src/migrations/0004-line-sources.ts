import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
ALTER TABLE lines ADD COLUMN source_since timestamptz NOT NULL DEFAULT now();
UPDATE lines SET source_since = created_at;
`;

/** Since when a line has its camera and rate: figures from before are of other frames. */
export class LineSources1790000000004 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(UP);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE lines DROP COLUMN source_since');
  }
}
