import { TaktError } from '@takt/kernel';
import { describe, expect, it } from 'vitest';
import { readConfig, readInitConfig } from './config.js';

const whole = { DATABASE_URL: 'postgres://u:p@db/takt', NATS_URL: 'nats://a:4222,nats://b:4222', TAKT_DATA_DIR: '/data' };
const faultOf = (environment: Record<string, string>): string => {
  try {
    readConfig(environment);
  } catch (error) {
    return error instanceof TaktError ? error.message : String(error);
  }
  return '';
};

describe('readConfig', () => {
  it('has a default for everything but addresses and the data folder', () => {
    expect(readConfig(whole)).toMatchObject({
      natsServers: ['nats://a:4222', 'nats://b:4222'],
      natsPublicUrls: ['nats://a:4222', 'nats://b:4222'],
      trustDir: '/data/trust',
      http: { host: '127.0.0.1', port: 7080 },
      publicUrl: undefined,
      nodeOfflineMs: 20_000,
      reportDays: 30,
      sampleMs: 10_000,
      sampleHours: 48,
      consoleDir: undefined,
      maxStatisticsBytes: 67_108_864,
    });
  });

  it('takes an empty variable as one that is not set, and a public URL without its last slash', () => {
    expect(readConfig({ ...whole, TAKT_HTTP_PORT: '', TAKT_PUBLIC_URL: 'https://takt.example/' })).toMatchObject({
      http: { port: 7080 },
      publicUrl: 'https://takt.example',
    });
  });

  it('names each fault by its variable and shows no value', () => {
    const message = faultOf({ DATABASE_URL: 'mysql://secret', NATS_URL: 'secret', TAKT_HTTP_PORT: 'secret', TAKT_LOG_LEVEL: 'secret' });
    for (const name of ['DATABASE_URL', 'NATS_URL', 'TAKT_DATA_DIR is missing', 'TAKT_HTTP_PORT', 'TAKT_LOG_LEVEL'])
      expect(message).toContain(name);
    expect(message).not.toContain('secret');
    expect(message).toContain('5 fault(s)');
  });

  it('takes samples once a second at most', () => {
    expect(readConfig({ ...whole, TAKT_SAMPLE_SECONDS: '1' }).sampleMs).toBe(1_000);
    expect(faultOf({ ...whole, TAKT_SAMPLE_SECONDS: '0.5' })).toContain('TAKT_SAMPLE_SECONDS');
  });

  it('is frozen', () => {
    expect(Object.isFrozen(readConfig(whole))).toBe(true);
  });
});

describe('readInitConfig', () => {
  it('needs the data folder and the address of NATS only', () => {
    expect(readInitConfig({ TAKT_DATA_DIR: '/d', NATS_URL: 'nats://127.0.0.1:4333' })).toMatchObject({
      trustDir: '/d/trust',
      natsUrl: { port: '4333' },
    });
    expect(() => readInitConfig({})).toThrow('TAKT_DATA_DIR, NATS_URL');
  });
});
