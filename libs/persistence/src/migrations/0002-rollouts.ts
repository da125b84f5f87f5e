import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
CREATE TABLE rollouts (
  id uuid PRIMARY KEY, name text NOT NULL UNIQUE, release_id uuid NOT NULL REFERENCES releases, model text NOT NULL, phase text NOT NULL,
  policy jsonb NOT NULL, target jsonb NOT NULL, current_wave int NOT NULL, hold jsonb, created_by text NOT NULL,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, ended_at timestamptz,
  generation int NOT NULL DEFAULT 0, lease_owner text, lease_until timestamptz);
CREATE INDEX rollouts_release ON rollouts (release_id);
CREATE INDEX rollouts_open ON rollouts (created_at) WHERE phase NOT IN ('rolled-back', 'superseded');
CREATE TABLE rollout_waves (
  rollout_id uuid NOT NULL REFERENCES rollouts, index int NOT NULL, name text NOT NULL, step text NOT NULL, started_at timestamptz,
  soaking_since timestamptz, ended_at timestamptz, approved_by text, PRIMARY KEY (rollout_id, index));
CREATE TABLE rollout_members (
  rollout_id uuid NOT NULL REFERENCES rollouts, node_id uuid NOT NULL REFERENCES nodes, site_id uuid NOT NULL REFERENCES sites,
  profile text NOT NULL, slot_ids jsonb NOT NULL, line_ids jsonb NOT NULL, wave int NOT NULL, bucket text NOT NULL, reason text,
  message text NOT NULL, moved_at timestamptz, revert_reason text, revert_started_at timestamptz, changed_at timestamptz NOT NULL,
  PRIMARY KEY (rollout_id, node_id));
CREATE INDEX rollout_members_node ON rollout_members (node_id);
CREATE TABLE rollout_gates (
  id uuid PRIMARY KEY, rollout_id uuid NOT NULL REFERENCES rollouts, wave int NOT NULL, profile text NOT NULL, report jsonb NOT NULL,
  started_at timestamptz NOT NULL, decided_at timestamptz, decided_by text, UNIQUE (rollout_id, wave, profile));
ALTER TABLE deployments ADD COLUMN rollout_id uuid REFERENCES rollouts, ADD COLUMN revert_of uuid REFERENCES deployments,
  ADD COLUMN on_performance_breach text CHECK (on_performance_breach IN ('roll-back', 'report'));
CREATE INDEX deployments_rollout ON deployments (rollout_id) WHERE rollout_id IS NOT NULL;
CREATE TABLE slot_samples (
  slot_id uuid NOT NULL REFERENCES slots, at timestamptz NOT NULL, deployment_id uuid, since timestamptz NOT NULL, elapsed_ms float8 NOT NULL,
  delivered bigint NOT NULL, dropped bigint NOT NULL, errors bigint NOT NULL, service_time jsonb NOT NULL, PRIMARY KEY (slot_id, at));
CREATE INDEX slot_samples_at ON slot_samples (at);
`;

/** Rollouts over a fleet, and the figures that their gates are decided by. */
export class Rollouts1790000000002 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(UP);
  }

  async down(): Promise<void> {
    await Promise.reject(new Error('rollouts have no way back: restore the database from before'));
  }
}
