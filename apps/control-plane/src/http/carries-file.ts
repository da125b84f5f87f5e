import type { IncomingMessage } from 'node:http';
import { API_PREFIX } from '@takt/contracts';

/** As the router reads a path: letters of any case. */
const FILE_PATH = new RegExp(`^${API_PREFIX}/artifacts(?:[/?]|$)`, 'i');

/** Whether the body of a request is the bytes of a file: a stream, whatever type it is sent as, that may take as long as it takes. */
export const carriesFile = ({ method, url }: Pick<IncomingMessage, 'method' | 'url'>): boolean =>
  (method === 'POST' || method === 'PUT') && FILE_PATH.test(url ?? '');
