import { findOpenVino, installOpenVino, openVinoFolders } from '../src/index.js';

/** Where the tests take OpenVINO from, or why they cannot: it is fetched once into the toolchain folder of this checkout. */
export async function openVinoForTests(): Promise<{ readonly folders: readonly string[] } | { readonly why: string }> {
  const folders = openVinoFolders(process.env['TAKT_OPENVINO_DIR']);
  try {
    if ((await findOpenVino(folders)) === undefined) await installOpenVino({ folders, env: process.env });
    return { folders };
  } catch (thrown) {
    return { why: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}
