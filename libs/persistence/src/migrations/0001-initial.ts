import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
CREATE TABLE settings (key text PRIMARY KEY, value jsonb NOT NULL);
INSERT INTO settings VALUES ('epoch', to_jsonb(gen_random_uuid()::text));

CREATE TABLE sites (id uuid PRIMARY KEY, name text NOT NULL UNIQUE, created_at timestamptz NOT NULL);
CREATE TABLE actors (id uuid PRIMARY KEY, name text NOT NULL UNIQUE, created_at timestamptz NOT NULL);
CREATE TABLE api_tokens (
  id uuid PRIMARY KEY, actor text NOT NULL REFERENCES actors (name), hash text NOT NULL UNIQUE,
  role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')), site_ids jsonb,
  created_at timestamptz NOT NULL, expires_at timestamptz, revoked_at timestamptz);
CREATE TABLE login_codes (hash text PRIMARY KEY, created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL, used_at timestamptz);
CREATE TABLE join_tokens (
  id uuid PRIMARY KEY, site_id uuid NOT NULL REFERENCES sites, hash text NOT NULL UNIQUE, uses int NOT NULL,
  uses_left int NOT NULL CHECK (uses_left >= 0), created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL);

CREATE TABLE artifacts (
  digest text PRIMARY KEY, size_bytes bigint NOT NULL, file_name text NOT NULL, created_by text NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE models (
  id uuid PRIMARY KEY, name text NOT NULL, version text NOT NULL, digest text NOT NULL REFERENCES artifacts, info jsonb NOT NULL,
  created_at timestamptz NOT NULL, UNIQUE (name, version));
CREATE TABLE datasets (
  id uuid PRIMARY KEY, name text NOT NULL UNIQUE, role text NOT NULL CHECK (role IN ('calibration', 'golden', 'frames')),
  digest text NOT NULL REFERENCES artifacts, images int NOT NULL, created_at timestamptz NOT NULL);

CREATE TABLE lines (
  id uuid PRIMARY KEY, site_id uuid NOT NULL REFERENCES sites, slug text NOT NULL, name text NOT NULL, required_fps float8 NOT NULL,
  source jsonb NOT NULL, created_at timestamptz NOT NULL, UNIQUE (site_id, slug));
CREATE TABLE nodes (
  id uuid PRIMARY KEY, site_id uuid NOT NULL REFERENCES sites, name text NOT NULL UNIQUE, public_key text NOT NULL UNIQUE,
  hostname text NOT NULL, joined_at timestamptz NOT NULL, agent_version text, fingerprint text, profile jsonb, facts jsonb,
  conditions jsonb NOT NULL DEFAULT '[]');
CREATE TABLE node_liveness (
  node_id uuid PRIMARY KEY REFERENCES nodes, online boolean NOT NULL, last_seen_at timestamptz NOT NULL, heartbeat jsonb NOT NULL)
  WITH (fillfactor = 50);
CREATE TABLE slots (
  id uuid PRIMARY KEY, site_id uuid NOT NULL REFERENCES sites, line_id uuid NOT NULL REFERENCES lines, node_id uuid NOT NULL REFERENCES nodes,
  model text NOT NULL, target_id uuid, active_id uuid, serving jsonb, created_at timestamptz NOT NULL, UNIQUE (line_id, node_id));
CREATE INDEX slots_node ON slots (node_id);

CREATE TABLE releases (
  id uuid PRIMARY KEY, name text NOT NULL UNIQUE, model_id uuid NOT NULL REFERENCES models, golden_id uuid NOT NULL REFERENCES datasets,
  calibration_id uuid REFERENCES datasets, needs_statistics boolean NOT NULL, recipes jsonb NOT NULL, threads jsonb NOT NULL,
  accuracy_budget_points float8 NOT NULL, build_check jsonb NOT NULL, health jsonb NOT NULL, profiles jsonb, created_at timestamptz NOT NULL);
CREATE TABLE deployments (
  id uuid PRIMARY KEY, slot_id uuid NOT NULL REFERENCES slots, node_id uuid NOT NULL REFERENCES nodes,
  release_id uuid NOT NULL REFERENCES releases, state text NOT NULL, reason text, message text NOT NULL, previous_id uuid,
  build_job_id uuid NOT NULL UNIQUE, plan jsonb, health jsonb, error jsonb, created_by text NOT NULL, created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL, ended_at timestamptz);
CREATE UNIQUE INDEX deployments_one_open_per_slot ON deployments (slot_id) WHERE ended_at IS NULL;
CREATE INDEX deployments_slot ON deployments (slot_id, created_at DESC);
CREATE TABLE deployment_transitions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, deployment_id uuid NOT NULL REFERENCES deployments, state text NOT NULL,
  at timestamptz NOT NULL, by text NOT NULL, generation int NOT NULL, reason text, message text NOT NULL, UNIQUE (deployment_id, state));
CREATE TABLE jobs (
  id uuid PRIMARY KEY, kind text NOT NULL CHECK (kind IN ('calibrate', 'build')), state text NOT NULL, phase text NOT NULL,
  progress float8 NOT NULL, eta_seconds float8, node_id uuid REFERENCES nodes, deployment_id uuid REFERENCES deployments,
  model_digest text NOT NULL, model_name text NOT NULL, calibration_digest text, attempts int NOT NULL, lease_until timestamptz,
  result jsonb, error jsonb, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
CREATE UNIQUE INDEX jobs_one_calibration ON jobs (model_digest, calibration_digest)
  WHERE kind = 'calibrate' AND state IN ('queued', 'running', 'succeeded');
CREATE INDEX jobs_calibration ON jobs (model_digest, calibration_digest, created_at) WHERE kind = 'calibrate';
CREATE INDEX jobs_node ON jobs (node_id) WHERE state IN ('queued', 'running');

CREATE TABLE reports (
  node_id uuid NOT NULL REFERENCES nodes, seq bigint NOT NULL, at timestamptz NOT NULL, received_at timestamptz NOT NULL DEFAULT now(),
  body jsonb NOT NULL, PRIMARY KEY (node_id, seq));
CREATE INDEX reports_received ON reports (received_at);
CREATE TABLE node_report_cursor (node_id uuid PRIMARY KEY REFERENCES nodes, seq bigint NOT NULL);
CREATE TABLE desired_states (
  node_id uuid PRIMARY KEY REFERENCES nodes, generation int NOT NULL, digest text NOT NULL, body jsonb NOT NULL, issued_at timestamptz NOT NULL);
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, node_id uuid NOT NULL REFERENCES nodes, created_at timestamptz NOT NULL DEFAULT now(),
  due_at timestamptz NOT NULL DEFAULT now(), attempts int NOT NULL DEFAULT 0);

CREATE TABLE events (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, actor text NOT NULL, code text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('info', 'warning', 'error')), message text NOT NULL, object_kind text NOT NULL,
  object_id text NOT NULL, object_name text NOT NULL, site_id uuid REFERENCES sites, data jsonb NOT NULL);
CREATE INDEX events_object ON events (object_id, seq);
CREATE INDEX events_conflict ON events (object_id, seq) WHERE code IN ('DesiredStateConflict', 'DesiredStateConflictEnded');
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME; END $$;
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events EXECUTE FUNCTION refuse_change();
CREATE TRIGGER transitions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON deployment_transitions EXECUTE FUNCTION refuse_change();
`;

/** All tables of the first version. */
export class Initial1790000000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(UP);
  }

  async down(): Promise<void> {
    await Promise.reject(new Error('the first migration has no way back: drop the database'));
  }
}
