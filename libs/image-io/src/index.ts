export { configureImageLibrary, decodeImage } from './decode.js';
export { MAX_FOLDER_ENTRIES, listImages } from './list-images.js';
export { MAX_IMAGE_BYTES, readImage } from './read-image.js';
