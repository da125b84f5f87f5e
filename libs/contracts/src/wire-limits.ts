import { z } from 'zod';

/*
 * Ranges of what nodes send, by the column of the database that each value ends in. A schema that lets through more than its column
 * takes would let one node fail the statement that writes the values of all; `database.int-spec.ts` of the control plane compares
 * them with the columns.
 */

/** Largest value of an `int` column: 2³¹ − 1. */
export const INT_COLUMN_MAX = 2_147_483_647;
/** Largest whole number that JSON carries exactly, 2⁵³ − 1; a `bigint` column takes it. */
export const COUNT_MAX = Number.MAX_SAFE_INTEGER;
/** Longest duration, ms: sums of millions of them stay inside a `float8` column. */
export const DURATION_MAX_MS = Number.MAX_SAFE_INTEGER;
/** Characters of a timestamp; a `timestamptz` column takes up to 128, ISO 8601 with nanoseconds has 30. */
export const TIMESTAMP_MAX_LENGTH = 40;
/** Frames per second of a camera. */
export const FPS_MAX = 1_000;
/** Slots of one node in a heartbeat. */
export const SLOTS_MAX = 1_000;
/** Characters of a host name (RFC 1035: 253). */
export const HOSTNAME_MAX_LENGTH = 255;
/** Characters of the message of a condition. */
export const CONDITION_MESSAGE_MAX_LENGTH = 4_096;
/** Bytes of a report as JSON: below what NATS takes from a node (1 MiB with subject and headers). */
export const REPORT_MAX_BYTES = 1_000_000;
/** Characters of a secret, nonce or signature. */
export const SECRET_MAX_LENGTH = 4_096;

/** Generation of a node's desired state; 0 is none yet. */
export const generationSchema = z.int().nonnegative().max(INT_COLUMN_MAX);
/** A counter that only grows, or a number in an order. */
export const countSchema = z.int().nonnegative().max(COUNT_MAX);
/** A number in an order that begins with 1. */
export const seqSchema = z.int().positive().max(COUNT_MAX);
export const durationMsSchema = z.number().nonnegative().max(DURATION_MAX_MS);
