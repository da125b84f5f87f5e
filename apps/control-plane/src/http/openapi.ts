import type { OpenAPIObject } from '@nestjs/swagger';
import { API_PREFIX, apiRoutes, problemSchema } from '@takt/contracts';
import type { ApiRoute } from '@takt/contracts';
import { z } from 'zod';

type JsonSchema = Record<string, unknown>;

const schemaOf = (schema: z.ZodType): JsonSchema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', target: 'openapi-3.0' }) as JsonSchema;
  return rest;
};

const parametersOf = (schema: z.ZodObject | undefined, where: 'path' | 'query'): JsonSchema[] => {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema) as { properties?: Record<string, JsonSchema>; required?: string[] };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: property,
  }));
};

const BYTES = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };

const contentOf = (body: ApiRoute['response']): JsonSchema | undefined => {
  if (body === 'none') return undefined;
  if (body === 'bytes') return BYTES;
  if (body === 'events') return { 'text/event-stream': { schema: { type: 'string' } } };
  return { 'application/json': { schema: schemaOf(body) } };
};

const operationOf = (name: string, route: ApiRoute): JsonSchema => {
  const status = route.response === 'none' ? '204' : route.method === 'POST' ? '201' : '200';
  const content = contentOf(route.response);
  return {
    operationId: name,
    summary: route.summary,
    description:
      route.access === 'public'
        ? 'Needs no token.'
        : route.access === 'grant'
          ? 'Needs a token or a grant.'
          : `Needs role ${route.access}.`,
    tags: [route.tag],
    parameters: [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query')],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: route.body === 'bytes' ? BYTES : { 'application/json': { schema: schemaOf(route.body) } },
          },
        }),
    responses: {
      [status]: { description: 'Done', ...(content === undefined ? {} : { content }) },
      default: {
        description: 'A problem, with its code and the next step',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
    security: route.access === 'public' ? [] : [{ bearer: [] }],
  };
};

/** The OpenAPI document, made from the same route table that serves the calls. */
export function openApiDocument(version: string): OpenAPIObject {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const [name, route] of Object.entries(apiRoutes) as [string, ApiRoute][]) {
    const path = `${API_PREFIX}${route.path.replace(/:(\w+)/g, '{$1}')}`;
    (paths[path] ??= {})[route.method.toLowerCase()] = operationOf(name, route);
  }
  return {
    openapi: '3.0.3',
    info: { title: 'takt', version, description: 'Keeps vision models fast, accurate and alive on edge boxes.' },
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: schemaOf(problemSchema) },
    },
  } as unknown as OpenAPIObject;
}
