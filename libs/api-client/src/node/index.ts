/** What only Node.js can do; browsers import the main entry. */
export { artifactFileName, digestOfFile, uploadFile } from './upload-file.js';
export type { UploadOptions } from './upload-file.js';
