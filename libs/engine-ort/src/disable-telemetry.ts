/**
 * ONNX Runtime 1.30 for Linux uploads usage telemetry and keeps a database for it in the user's cache folder, shared by all
 * its processes. A line's box sends nothing to anybody and writes nowhere but its data folder. The library reads this variable
 * when it is loaded, so this module must be imported before it.
 */
// eslint-disable-next-line no-restricted-properties -- a switch of the native library, not configuration of takt
process.env['ORT_DISABLE_TELEMETRY'] = '1';
