import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a file was uploaded for. Of those that are there it is not known. */
export class UploadPurpose1790000000005 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("ALTER TABLE artifacts ADD COLUMN purpose text NOT NULL DEFAULT 'file'");
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE artifacts DROP COLUMN purpose');
  }
}
