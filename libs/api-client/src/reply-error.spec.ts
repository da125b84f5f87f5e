import { describe, expect, it } from 'vitest';
import { replyError } from './reply-error.js';

const url = new URL('http://127.0.0.1:9000/api/v1/models');
const problem = {
  type: 'about:blank',
  title: 'Refused',
  status: 422,
  detail: 'model file is not ONNX',
  code: 'ModelNotOnnx',
  action: 'push an ONNX file',
  object: 'strip@1',
  requestId: 'r1',
  retryable: false,
  issues: [],
};
const reply = (status: number, body: string): Response => new Response(body, { status });

describe('replyError', () => {
  it("carries the server's code, sentence, action and object", async () => {
    const error = await replyError(reply(422, JSON.stringify(problem)), url);
    expect(error.toData()).toMatchObject({
      code: 'ModelNotOnnx',
      message: 'model file is not ONNX',
      action: 'push an ONNX file',
      element: 'strip@1',
      retryable: false,
    });
  });

  it('names the faults of fields that the sentence does not name', async () => {
    const issues = [
      { path: 'name', message: 'use lower-case letters' },
      { path: '', message: 'set exactly one of slot, node and line' },
    ];
    const error = await replyError(reply(400, JSON.stringify({ ...problem, detail: 'the request is not valid', issues })), url);
    expect(error.message).toBe('the request is not valid: name: use lower-case letters; set exactly one of slot, node and line');
  });

  it.each([
    [404, '<html>', false],
    [200, '{}', false],
    [502, 'Bad Gateway', true],
    [503, '', true],
  ])('says that %i with another body is not a control plane', async (status, body, retryable) => {
    const error = await replyError(reply(status, body), url);
    expect(error).toMatchObject({ code: 'UnexpectedReply', retryable });
    expect(error.message).toContain(String(status));
  });
});
