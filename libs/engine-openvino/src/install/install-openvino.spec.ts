import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installOpenVino } from './install-openvino.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'takt-openvino-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('installOpenVino', () => {
  const withoutPip = { env: { PATH: '' }, platform: 'linux', arch: 'x64' };

  it('takes no file but the pinned one, says what each way gave, and leaves nothing behind', async () => {
    const wheel = join(folder, 'openvino.whl');
    await writeFile(wheel, 'another wheel');
    const target = join(folder, 'tools');
    const install = installOpenVino({ ...withoutPip, folders: [target], wheel });
    await expect(install).rejects.toMatchObject({
      code: 'OpenVinoMissing',
      message: expect.stringMatching(/digest.*pip.*is not there/) as string,
    });
    expect(await readdir(target)).toEqual([]);
  });

  it('says where no release is pinned for the machine', async () => {
    const install = installOpenVino({ ...withoutPip, arch: 'arm64', folders: [join(folder, 'arm')] });
    await expect(install).rejects.toMatchObject({ code: 'OpenVinoMissing', message: expect.stringContaining('linux arm64') as string });
  });

  it.each([
    ['an unpacked wheel', 'openvino/libs', 'openvino/include'],
    ['the official archive', 'runtime/lib/intel64', 'runtime/include'],
    ["a system's packages", 'lib/x86_64-linux-gnu', 'include'],
  ])('uses %s as it is', async (name, libraries, headers) => {
    const there = join(folder, name);
    await mkdir(join(there, libraries), { recursive: true });
    await mkdir(join(there, headers, 'openvino/c'), { recursive: true });
    for (const file of ['libopenvino_c.so', 'libopenvino_c.so.2641', 'libopenvino_cd.so.2641', 'libopenvino.so'])
      await writeFile(join(there, libraries, file), '');
    const header = join(there, headers, 'openvino/c/ov_common.h');
    await writeFile(header, '');
    expect(await installOpenVino({ ...withoutPip, folders: [join(folder, 'absent'), there] })).toEqual({
      folder: there,
      library: join(there, libraries, 'libopenvino_c.so.2641'),
      header,
    });
  });
});
