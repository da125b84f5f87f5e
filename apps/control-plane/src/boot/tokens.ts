import type { InjectionToken, Provider } from '@nestjs/common';

/** Injection tokens of parts that are interfaces or values, not classes. */
export const CLOCK = Symbol('Clock');
export const LOGGER = Symbol('Logger');
export const TRUST = Symbol('Trust');
export const CONFIG = Symbol('Config');
export const ADDRESSES = Symbol('Addresses');
export const PAUSES = Symbol('Pauses');

type Constructor<T> = new (...parts: never[]) => T;

/** Use cases are plain classes: their parts are listed where the module wires them. */
export const provide = <T>(useCase: Constructor<T>, ...inject: InjectionToken[]): Provider => ({
  provide: useCase,
  useFactory: (...parts: never[]) => new useCase(...parts),
  inject,
});
