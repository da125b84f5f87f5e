import { NotFoundException } from '@nestjs/common';
import { TaktError } from '@takt/kernel';
import { describe, expect, it } from 'vitest';
import { InvalidRequest, problemOf, toTaktError } from './problem.js';

const error = (code: string): TaktError => new TaktError({ code, message: 'm', action: 'a', element: 'e' });

describe('toTaktError', () => {
  it.each([
    [error('NotFound'), 404, 'NotFound'],
    [error('SomethingRefused'), 422, 'SomethingRefused'],
    [error('StorageFull'), 507, 'StorageFull'],
    [new NotFoundException('Cannot GET /x'), 404, 'NoSuchRoute'],
    [{ driverError: { code: '23505' } }, 409, 'AlreadyExists'],
    [{ driverError: { code: '57P01' } }, 503, 'DatabaseUnavailable'],
    [{ driverError: { code: '57014' } }, 503, 'DatabaseBusy'],
    [{ driverError: { code: '55P03' } }, 503, 'DatabaseBusy'],
    [new Error('PostgreSQL did not answer within 35000 ms'), 503, 'DatabaseUnavailable'],
    [new Error('connect ECONNREFUSED 127.0.0.1:5432'), 503, 'DatabaseUnavailable'],
    [Object.assign(new Error('Unexpected token'), { expose: true, statusCode: 400 }), 400, 'RequestInvalid'],
    [new Error('secret detail'), 500, 'Internal'],
  ])('gives %s its status and code', (thrown, status, code) => {
    expect(toTaktError(thrown)).toMatchObject({ status, error: { code } });
  });

  it('tells nothing of an unexpected failure', () => {
    const { error: shown, status } = toTaktError(new Error('secret detail'));
    expect(JSON.stringify(problemOf(shown, status, 'id'))).not.toContain('secret');
  });
});

describe('problemOf', () => {
  it('has the object, the action and the faults of fields', () => {
    expect(problemOf(error('NotFound'), 404, 'r1')).toMatchObject({
      type: 'urn:takt:problem:NotFound',
      title: 'Not found',
      object: 'e',
      action: 'a',
      requestId: 'r1',
      issues: [],
    });
    expect(problemOf(new InvalidRequest([{ path: 'name', message: 'too short' }]), 400, 'r')).toMatchObject({
      detail: 'the request has 1 fault(s): name: too short',
      issues: [{ path: 'name', message: 'too short' }],
    });
  });
});
