import { DefaultNamingStrategy, EntitySchema } from 'typeorm';
import type { EntityManager, EntitySchemaColumnOptions, FindOptionsWhere, ObjectLiteral } from 'typeorm';

/** Properties are camelCase, columns snake_case. */
export class SnakeNaming extends DefaultNamingStrategy {
  override columnName(propertyName: string, customName: string | undefined): string {
    return customName ?? propertyName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }
}

const number = {
  from: (value: string | null): number | null => (value === null ? null : Number(value)),
  to: (value: number): number => value,
};

/** Column kinds; `key` marks the primary key, `maybe` a column that may be null. */
export const uuid: EntitySchemaColumnOptions = { type: 'uuid' };
export const text: EntitySchemaColumnOptions = { type: 'text' };
export const int: EntitySchemaColumnOptions = { type: 'int' };
export const bigint: EntitySchemaColumnOptions = { type: 'bigint', transformer: number };
export const float: EntitySchemaColumnOptions = { type: 'float8' };
export const bool: EntitySchemaColumnOptions = { type: 'bool' };
export const time: EntitySchemaColumnOptions = { type: 'timestamptz' };
export const json: EntitySchemaColumnOptions = { type: 'jsonb' };
export const key = (column: EntitySchemaColumnOptions): EntitySchemaColumnOptions => ({ ...column, primary: true });
export const maybe = (column: EntitySchemaColumnOptions): EntitySchemaColumnOptions => ({ ...column, nullable: true });

/**
 * Maps a table to a plain record. There are no entity classes: the schema is the mapper of its aggregate, and nothing of
 * TypeORM is in the records that leave this library. Tables themselves come from migrations only.
 */
export const table = <T extends ObjectLiteral>(name: string, columns: { [P in keyof T]: EntitySchemaColumnOptions }): EntitySchema<T> =>
  new EntitySchema<T>({ name, tableName: name, columns });

export async function insertRow<T extends ObjectLiteral>(manager: EntityManager, schema: EntitySchema<T>, row: T): Promise<void> {
  await manager.getRepository(schema).insert(row);
}

/** Returns the number of rows changed. */
export async function updateRows<T extends ObjectLiteral>(
  manager: EntityManager,
  schema: EntitySchema<T>,
  where: FindOptionsWhere<T>,
  change: Partial<NoInfer<T>>,
): Promise<number> {
  const result = await manager.getRepository(schema).update(where, change);
  return result.affected ?? 0;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const isUuid = (value: string): boolean => UUID.test(value);

/** Sites a caller may see; null is all of them. */
export type SiteScope = readonly string[] | null;
