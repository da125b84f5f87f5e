export { createOpenVinoAdapter } from './openvino-adapter.js';
export type { OpenVinoOptions } from './openvino-adapter.js';
export { installOpenVino } from './install/install-openvino.js';
export type { InstallOpenVinoOptions } from './install/install-openvino.js';
export { findOpenVino, openVinoFolders, toolchainFolder } from './library/find-library.js';
export type { OpenVinoFiles } from './library/find-library.js';
