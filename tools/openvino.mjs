/** `npm run engine:openvino`: finds OpenVINO or fetches it into the toolchain folder, and says what was found. */
import { guarded, prepare } from './setup/prepare.mjs';

await guarded(async () => {
  await prepare({ dev: false });
  const { createOpenVinoAdapter, installOpenVino, openVinoFolders } = await import('../libs/engine-openvino/dist/index.js');
  const { TAKT_OPENVINO_DIR, TAKT_OPENVINO_WHEEL, ...env } = process.env;
  const folders = openVinoFolders(TAKT_OPENVINO_DIR);
  try {
    const { library } = await installOpenVino({
      folders,
      env,
      ...(TAKT_OPENVINO_WHEEL ? { wheel: TAKT_OPENVINO_WHEEL } : {}),
      onProgress: (message) => process.stdout.write(`  … ${message}\n`),
    });
    const found = await createOpenVinoAdapter({ folders }).availability();
    process.stdout.write(found.available ? `  ✓ OpenVINO ${found.version}: ${library}\n` : `  ✗ ${found.reason}\n`);
    return found.available ? 0 : 1;
  } catch (error) {
    if (error.code !== 'OpenVinoMissing') throw error;
    process.stderr.write(`\n✗ ${error.message}\n  Next: ${error.action}\n`);
    return 1;
  }
});
